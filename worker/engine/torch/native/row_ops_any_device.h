// The functions of row_ops.h in libtorch's operations: for devices whose memory
// the loops cannot reach.
#pragma once

#include "row_ops.h"

namespace lockstep::any_device {

Normed norm_rows(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type);
Normed add_norm_rows(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight,
                     double eps, at::Tensor& sum);
at::Tensor norm_rows_again(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                           at::ScalarType type);
NormGradients norm_rows_backward(const at::Tensor& x, const at::Tensor& weight,
                                 const at::Tensor& scales, const at::Tensor& dn,
                                 const at::Tensor& residual);
void rotate_heads(at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, int64_t heads,
                  int direction);
at::Tensor swiglu(const at::Tensor& gate_up);
at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& da);

}  // namespace lockstep::any_device
