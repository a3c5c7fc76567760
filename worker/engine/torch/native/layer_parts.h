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

// A matrix and whether the backward has to bring its gradient.
struct Weight {
  at::Tensor value;  // [out, in]; a vector for biases and norms, undefined where there is none
  bool wanted;

  bool here() const { return value.defined(); }
};

// Queries, keys or values.
struct HeadWeights {
  Weight matrix;  // [N D, H]
  Weight bias;    // [N D]
  Weight norm;    // [D], of each head before it is rotated
  bool rotated;
};

// Each: heads = rotated(norm(norm(x) W^T + bias)). Queries, keys and values, or some of them, from
// one product.
struct Projection {
  Weight norm;                     // [H]
  std::vector<HeadWeights> parts;  // side by side: [W, H]
  at::Tensor cos, sin;             // [T, D/2]
  double eps;
  at::ScalarType type;
  bool wants_dx;

  int64_t head_size() const { return 2 * cos.size(1); }
};

// What the norm of a part's heads was given. N: heads of the part.
struct HeadNorm {
  at::Tensor raw;     // [T N, D]
  at::Tensor scales;  // [T N]: 1 / rms of each head
};

struct Projected {
  at::Tensor heads;   // [T, W]
  at::Tensor scales;  // [T]: 1 / rms of each row of x
  std::vector<HeadNorm> head_norms;  // of each part, undefined where it has no norm
};

// Those that are not wanted are undefined, here and below.
struct HeadGradients {
  at::Tensor matrix, bias, norm;
};

struct ProjectionGradients {
  at::Tensor dx;      // [T, H]
  at::Tensor d_norm;  // [H]
  std::vector<HeadGradients> parts;
};

// y = middle + down(swiglu(gate_up(norm(middle)))), where middle = x + o(attended) + o_bias.
struct FeedForward {
  Weight o;         // [H, N D]
  Weight o_bias;    // [H]
  Weight norm;      // [H]
  Weight gate, up;  // [I, H]
  Weight down;      // [H, I]
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
  at::Tensor d_o_bias;
  at::Tensor d_norm;
  at::Tensor d_gate, d_up;
  at::Tensor d_down;
};

// The gradients of matrices whose outputs stand side by side in dy [T, N], from x [T, K]: one
// product where all of them are wanted, else one for each that is.
using WeightProduct = at::Tensor (*)(const at::Tensor& dy, const at::Tensor& x);
std::vector<at::Tensor> weight_gradients(const at::Tensor& dy, const at::Tensor& x,
                                         const std::vector<Weight>& weights, WeightProduct product);

struct LayerParts {
  Projected (*project)(const Projection&, const at::Tensor& x);
  // Consumes d_heads; `residual` [T, H] is added to dx and may be undefined. Of `kept`, heads are
  // not needed.
  ProjectionGradients (*project_backward)(const Projection&, const at::Tensor& x,
                                          const Projected& kept, at::Tensor d_heads,
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
