// The parts of a decoder layer, each way, in two implementations: by blocks of
// rows that stay in a thread's cache from the first product to the last (float32 on a CPU), and by
// one operation after the other (every other device and type).
//
// Legend: T rows, H hidden size, N heads, D head size, W width of the projected heads, I width of
// the feed-forward layer. The residual stream (x, middle, y and their gradients) is float32; heads,
// attended and gate_up have the type of the precision.
#pragma once

#include <ATen/ATen.h>

#include <vector>

#include "packed_attention.h"

namespace lockstep {

// heads = rotated(norm(x) W^T): queries, keys and values, or some of them, from one product.
struct Projection {
  at::Tensor norm;                  // [H]
  std::vector<at::Tensor> weights;  // [., H], joined to [W, H]
  at::Tensor cos, sin;              // [T, D/2]
  int64_t turned;                   // so many heads at the front are rotated, the others are values
  double eps;
  at::ScalarType type;
};

struct Projected {
  at::Tensor heads;   // [T, W]
  at::Tensor scales;  // [T]: 1 / rms of each row of x
};

struct ProjectionGradients {
  at::Tensor dx;         // [T, H]
  at::Tensor d_norm;     // [H]
  at::Tensor d_weights;  // [W, H]
};

// y = middle + down(swiglu(gate_up(norm(middle)))), where middle = x + o(attended).
struct FeedForward {
  at::Tensor o;         // [H, N D]
  at::Tensor norm;      // [H]
  at::Tensor gate, up;  // [I, H]
  at::Tensor down;      // [H, I]
  double eps;
  at::ScalarType type;
};

struct FeedForwardKept {
  at::Tensor middle;   // [T, H]
  at::Tensor scales;   // [T]
  at::Tensor gate_up;  // [T, 2 I]
};

struct FeedForwardGradients {
  at::Tensor dx;          // [T, H]
  at::Tensor d_attended;  // [T, N D]
  at::Tensor d_o;
  at::Tensor d_norm;
  at::Tensor d_gate_up;  // [2 I, H]
  at::Tensor d_down;
};

struct LayerParts {
  Projected (*project)(const Projection&, const at::Tensor& x);
  // Consumes d_heads; `residual` [T, H] is added to dx and may be undefined.
  ProjectionGradients (*project_backward)(const Projection&, const at::Tensor& x,
                                          const at::Tensor& scales, at::Tensor d_heads,
                                          const at::Tensor& residual);
  Attended (*attend)(const Heads&, const AttentionShape&, bool keep);
  // -> y [T, H]; `kept` may be null.
  at::Tensor (*feed_forward)(const FeedForward&, const at::Tensor& x, const at::Tensor& attended,
                             FeedForwardKept* kept);
  // Consumes `kept`.
  FeedForwardGradients (*feed_forward_backward)(const FeedForward&, FeedForwardKept kept,
                                                const at::Tensor& attended, const at::Tensor& dy);
};

extern const LayerParts kPartsByBlocks;
extern const LayerParts kPartsByOperations;

}  // namespace lockstep
