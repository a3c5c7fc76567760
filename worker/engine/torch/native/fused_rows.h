// Parts of a decoder layer that read and write each row once, where a composition of libtorch's
// operations would go over the rows many times. Differentiable; float32; the order of every sum is
// fixed by sizes alone, never by threads.
#pragma once

#include <torch/torch.h>

namespace lockstep {

// x [T, H], weight [H] -> x / rms(x) * weight, rms over each row with `eps` inside the root.
at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);

// x [T, N, D], cos and sin [T, D/2] -> x with the two halves of its first `heads` heads turned as
// pairs; the heads after them stay as they are.
at::Tensor rotate_heads(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin,
                        int64_t heads);

}  // namespace lockstep
