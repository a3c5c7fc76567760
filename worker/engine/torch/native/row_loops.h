// The inner loops of a decoder layer on the CPU, one row a call, as a table that each generation of
// processors fills with its own build of row_loops.cc. All builds give the same bits: sums have
// sixteen lanes of their own, and contraction to fused multiply-adds is forbidden.
//
// Legend: A the type of activations (float or bfloat16), H hidden size, D head size, I width of the
// feed-forward layer.
#pragma once

#include <cstdint>

namespace lockstep {

// The upper half of a float.
struct Bfloat16 {
  uint16_t bits;
};

// What RowOps::loss is told and tells, for one prediction.
struct LossRowSettings {
  float scale;
  float threshold;
  float weight;
};

struct LossRow {
  float best, normaliser, masked, temperature;
};

template <typename A>
struct RowLoops {
  // n = x scale weight, where scale = 1 / sqrt(mean(x^2) + eps). -> scale
  float (*norm)(const float* x, const float* weight, float eps, A* n, int64_t H);
  // sum = x + branch; the norm of the sum as above. -> scale
  float (*add_norm)(const float* x, const A* branch, const float* weight, float eps, float* sum,
                    A* n, int64_t H);
  // n = x scale weight with the scale that `norm` returned.
  void (*norm_again)(const float* x, const float* weight, float scale, A* n, int64_t H);
  // dx = residual (may be null) + the gradient of `norm`; dweight gains its share.
  void (*norm_backward)(const float* x, const float* weight, float scale, const A* dn,
                        const float* residual, float* dx, float* dweight, int64_t H);
  // Turns the two halves of a head as pairs, in place; direction -1 turns back. cos, sin: [D/2]
  void (*rotate)(A* head, const float* cos, const float* sin, float direction, int64_t D);
  // a = silu(gate) up. gate_up: [2 I]
  void (*swiglu)(const A* gate_up, A* a, int64_t I);
  // a again, and the gradient of gate_up over gate_up itself. da: [I]
  void (*swiglu_backward)(A* gate_up, const A* da, A* a, int64_t I);
  // y = x + branch.
  void (*add)(const float* x, const A* branch, float* y, int64_t H);
  // Replaces scores by softmax(scale scores). -> log(sum(exp(scale scores)))
  float (*softmax)(float* scores, float scale, int64_t size);
  // Replaces scores by their shares again, given what `softmax` returned, and the gradient d of the
  // shares by that of the scores.
  void (*softmax_backward)(float* scores, float* d, float normaliser, float scale, int64_t size);
  // As RowOps::loss; `logits` [K] may be null.
  LossRow (*loss)(float* cosines, float* likeness, float positive_logit,
                  const LossRowSettings& settings, int64_t K, float* logits);
};

// The table of the best build that this processor runs.
template <typename A>
const RowLoops<A>& row_loops();

}  // namespace lockstep
