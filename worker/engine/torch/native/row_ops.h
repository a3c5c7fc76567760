// What a decoder layer does row by row between its matrix products, in three implementations.
//
// Legend: T rows, H hidden size, N heads, D head size, I width of the feed-forward layer. The
// residual stream is float32; activations n, branch, a have the type of the precision.
#pragma once

#include <ATen/ATen.h>

#include <string>

namespace lockstep {

struct Normed {
  at::Tensor n;       // [T, H], the activations' type
  at::Tensor scales;  // [T]: 1 / rms of each row
};

struct NormGradients {
  at::Tensor dx;       // [T, H]
  at::Tensor dweight;  // [H]
};

// Of the loss of C predictions with their K negatives; see LossInputs in info_nce.h.
struct LossSettings {
  double scale;
  double threshold;
  double weight;
};

struct LossRows {
  at::Tensor best;         // [C, 1]: largest logit, the positive's included
  at::Tensor normaliser;   // [C, 1]: log of the sum of exponentials of all logits
  at::Tensor masked;       // [C]: how many negatives are left out
  at::Tensor temperature;  // [C, 1]: sum of shares times cosines
};

struct RowOps {
  // x [T, H] float32, weight [H].
  Normed (*norm)(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type);
  // sum = x + branch, and its norm; `sum` is made here. [T, H]
  Normed (*add_norm)(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight,
                     double eps, at::Tensor& sum);
  // The same n from the scales that were kept.
  at::Tensor (*norm_again)(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                           at::ScalarType type);
  // `residual` [T, H] is added to dx; it may be undefined.
  NormGradients (*norm_backward)(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& scales, const at::Tensor& dn,
                                 const at::Tensor& residual);
  // Turns the first `heads` heads of every row of x [T, N D] in place by its own angle, cos and sin
  // [T, D/2]; direction -1 turns back, which is the gradient.
  void (*rotate)(at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, int64_t heads,
                 int direction);
  // gate_up [T, 2 I] -> silu(gate) up [T, I].
  at::Tensor (*swiglu)(const at::Tensor& gate_up);
  // Replaces gate_up by its gradient, given that of a. -> a
  at::Tensor (*swiglu_backward)(at::Tensor& gate_up, const at::Tensor& da);
  // Replaces cosines [C, K] by the negatives' shares of the loss's gradient, weight times their
  // softmax, zero where the likeness [C, K] of the positive and the negative exceeds the threshold.
  // `likeness` is scratch afterwards; `logits` [C, K] is written where it is defined.
  // positive_logit: [C, 1]
  LossRows (*loss)(at::Tensor& cosines, at::Tensor& likeness, const at::Tensor& positive_logit,
                   const LossSettings& settings, const at::Tensor& logits);
};

// Host memory, by the loops of row_loops.h.
extern const RowOps kRowLoops;
// A CUDA device's memory, by the kernels of cuda/row_kernels.cu. On host memory their bodies run
// row by row, for tests.
extern const RowOps kRowKernels;
// Anybody's memory, by libtorch's operations, several passes each.
extern const RowOps kRowOperations;

// Whether a device's kernels are there and compute what libtorch's operations do. Asked once; where
// they do not, a line on standard error says why.
bool row_kernels_are_usable(const at::Device& device);

// How host memory is passed over: by blocks that stay in the cache from product to product where
// that is possible, else row by row. A device has no choice; the others are for tests.
enum class HostPasses { kBlocks, kLoops, kKernels, kOperations };
// Throws std::invalid_argument for a name that is not blocks, loops, kernels or operations.
HostPasses host_passes_named(const std::string& name);
void use_host_passes(HostPasses passes);

// Whether x goes by blocks: float32 on a CPU that has the products of tiles.h.
bool goes_by_blocks(const at::Tensor& x);

const RowOps& row_ops(const at::Device& device);

}  // namespace lockstep
