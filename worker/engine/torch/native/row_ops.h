// What a decoder layer does row by row between its matrix products, each in one pass over memory.
// On the CPU by the loops of row_loops.h, on any other device by libtorch's operations.
//
// Legend: T rows, H hidden size, N heads, D head size, I width of the feed-forward layer. The
// residual stream is float32; activations n, branch, a have the type of the precision.
#pragma once

#include <ATen/ATen.h>

namespace lockstep {

// Whether host memory too goes by libtorch's operations, as a CUDA device's does; for tests of those.
void use_portable_rows(bool on);
bool uses_portable_rows();

struct Normed {
  at::Tensor n;       // [T, H], the activations' type
  at::Tensor scales;  // [T]: 1 / rms of each row
};

struct NormGradients {
  at::Tensor dx;       // [T, H]
  at::Tensor dweight;  // [H]
};

// x [T, H] float32, weight [H].
Normed norm_rows(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type);

// sum = x + branch, and its norm; `sum` is made here. [T, H]
Normed add_norm_rows(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight,
                     double eps, at::Tensor& sum);

// The same n from the scales that were kept.
at::Tensor norm_rows_again(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                           at::ScalarType type);

// `residual` [T, H] is added to dx; it may be undefined.
NormGradients norm_rows_backward(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& scales, const at::Tensor& dn,
                                 const at::Tensor& residual);

// Turns the first `heads` heads of every row of x [T, N D] in place by its own angle, cos and sin
// [T, D/2]; direction -1 turns back, which is the gradient.
void rotate_heads(at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, int64_t heads,
                  int direction);

// gate_up [T, 2 I] -> silu(gate) up [T, I].
at::Tensor swiglu(const at::Tensor& gate_up);

// Replaces gate_up by its gradient, given that of a. -> a
at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& da);

// x + branch in float32. [T, H]
at::Tensor add_rows(const at::Tensor& x, const at::Tensor& branch);

}  // namespace lockstep
