#include "products.h"

#include <ATen/cpu/Utils.h>

#include <optional>

namespace lockstep {

namespace {

bool must_widen(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16 && !multiplies_bfloat16(x.device());
}

}  // namespace

bool multiplies_bfloat16(const at::Device& device) {
  if (!device.is_cpu()) return true;
#if defined(__x86_64__)
  static const bool supported = [] {
    // The kernel lends a process its tile registers only when it asks.
    at::cpu::init_amx();
    return __builtin_cpu_supports("avx512bf16") != 0;
  }();
  return supported;
#else
  return false;
#endif
}

at::Tensor forward_product(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  const auto optional = [](const at::Tensor& given) {
    return given.defined() ? std::optional(given) : std::nullopt;
  };
  if (!must_widen(x)) return at::linear(x, weight, optional(bias));
  const at::Tensor wide_bias = bias.defined() ? bias.to(at::kFloat) : bias;
  return at::linear(x.to(at::kFloat), weight.to(at::kFloat), optional(wide_bias))
      .to(at::kBFloat16);
}

at::Tensor input_gradient(const at::Tensor& dy, const at::Tensor& weight) {
  if (!must_widen(dy)) return at::mm(dy, weight);
  return at::mm(dy.to(at::kFloat), weight.to(at::kFloat)).to(at::kBFloat16);
}

at::Tensor weight_gradient(const at::Tensor& dy, const at::Tensor& x) {
  if (!must_widen(dy)) return at::mm(dy.t(), x).to(at::kFloat);
  return at::mm(dy.to(at::kFloat).t(), x.to(at::kFloat));
}

at::Tensor bias_gradient(const at::Tensor& dy) { return at::sum(dy, 0, false, at::kFloat); }

}  // namespace lockstep
