#include "device_check.h"
#include "row_ops.h"

namespace lockstep {

namespace {

// Every kernel once, with numbers of rows and columns that no block divides.
void compare_with_operations(const at::Device& device, at::ScalarType type) {
  const int64_t T = 77, H = 136;
  const auto numbers = [&](int64_t width, double slope) {
    return numbers_to_compare(T, width, slope, device);
  };
  const at::Tensor x = numbers(H, 0.37), weight = numbers(H, 0.11)[0] + 1.0;
  const at::Tensor branch = numbers(H, 0.73).to(type), dn = numbers(H, 0.19).to(type);
  at::Tensor sum, other_sum;
  const Normed got = kRowKernels.add_norm(x, branch, weight, 1e-5, sum);
  const Normed expected = kRowOperations.add_norm(x, branch, weight, 1e-5, other_sum);
  require_near(sum, other_sum, "a sum");
  require_near(got.n, expected.n, "a norm of a sum");
  require_near(kRowKernels.norm(x, weight, 1e-5, type).n,
               kRowOperations.norm(x, weight, 1e-5, type).n, "a norm");
  require_near(kRowKernels.norm_again(sum, weight, got.scales, type), got.n, "a norm again");
  const NormGradients d = kRowKernels.norm_backward(sum, weight, got.scales, dn, x);
  const NormGradients e = kRowOperations.norm_backward(sum, weight, got.scales, dn, x);
  require_near(d.dx, e.dx, "a norm's gradient");
  require_near(d.dweight, e.dweight, "a norm's weight's gradient");
  const at::Tensor cos = numbers(17, 0.05), sin = numbers(17, 0.07);
  at::Tensor turned = branch.clone(), other_turned = branch.clone();
  kRowKernels.rotate(turned, cos, sin, 3, -1);
  kRowOperations.rotate(other_turned, cos, sin, 3, -1);
  require_near(turned, other_turned, "a rotation");
  at::Tensor cosines = numbers(H, 0.31), likeness = numbers(H, 0.47);
  at::Tensor other_cosines = cosines.clone(), other_likeness = likeness.clone();
  const LossSettings settings{9.0, 0.6, 0.5};
  const LossRows loss_rows =
      kRowKernels.loss(cosines, likeness, cos.narrow(1, 0, 1).contiguous(), settings, {});
  const LossRows other_rows = kRowOperations.loss(other_cosines, other_likeness,
                                                  cos.narrow(1, 0, 1).contiguous(), settings, {});
  require_near(cosines, other_cosines, "the loss's gradient");
  require_near(loss_rows.normaliser, other_rows.normaliser, "the loss");
  require_near(loss_rows.masked, other_rows.masked, "the loss's mask");
  require_near(loss_rows.temperature, other_rows.temperature, "the temperature's gradient");
  at::Tensor wide = numbers(2 * H, 0.23).to(type), other_wide = wide.clone();
  require_near(kRowKernels.swiglu(wide), kRowOperations.swiglu(wide), "SwiGLU");
  require_near(kRowKernels.swiglu_backward(wide, dn),
               kRowOperations.swiglu_backward(other_wide, dn), "SwiGLU");
  require_near(wide, other_wide, "SwiGLU's gradient");
}

}  // namespace

bool row_kernels_are_usable(const at::Device& device) {
  static const bool usable =
      passes_on_device("row passes go by libtorch's operations, several kernels each", [&] {
        compare_with_operations(device, at::kFloat);
        compare_with_operations(device, at::kBFloat16);
      });
  return usable;
}

}  // namespace lockstep
