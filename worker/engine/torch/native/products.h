// Matrix products in the precision of their operands. A bfloat16 product accumulates in float32 and
// rounds its result once.
//
// Legend: T rows, K columns that are summed over, N outputs.
#pragma once

#include <ATen/ATen.h>

namespace lockstep {

// Whether the device multiplies bfloat16 matrices itself. Where it does not, the operands are widened
// for the product: the same numbers, at the speed of float32.
bool multiplies_bfloat16(const at::Device& device);

// x [T, K], weight [N, K], bias [N] (may be undefined) -> [T, N], in x's type.
at::Tensor forward_product(const at::Tensor& x, const at::Tensor& weight,
                           const at::Tensor& bias = {});

// dy [T, N], weight [N, K] -> the gradient of x [T, K], in dy's type.
at::Tensor input_gradient(const at::Tensor& dy, const at::Tensor& weight);

// dy [T, N], x [T, K] -> the gradient of the weight [N, K], in float32.
at::Tensor weight_gradient(const at::Tensor& dy, const at::Tensor& x);

// dy [T, N] -> the gradient of the bias [N], in float32.
at::Tensor bias_gradient(const at::Tensor& dy);

}  // namespace lockstep
