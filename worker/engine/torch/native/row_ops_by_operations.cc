#include <limits>

#include "row_ops.h"

namespace lockstep {

namespace {

at::Tensor norm_again(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                      at::ScalarType type) {
  return (x * scales.unsqueeze(1) * weight).to(type);
}

Normed norm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type) {
  const at::Tensor scales = at::rsqrt(at::mean(x * x, 1) + eps);
  return {norm_again(x, weight, scales, type), scales};
}

Normed add_norm(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight, double eps,
                at::Tensor& sum) {
  sum = x + branch;
  return norm(sum, weight, eps, branch.scalar_type());
}

NormGradients norm_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                            const at::Tensor& dn, const at::Tensor& residual) {
  const at::Tensor wide = dn.to(at::kFloat);
  const at::Tensor unit = x * scales.unsqueeze(1);
  const at::Tensor along = at::mean(wide * weight * unit, 1, true);
  at::Tensor dx = (wide * weight - unit * along) * scales.unsqueeze(1);
  if (residual.defined()) dx += residual;
  return {dx, at::sum(wide * unit, 0)};
}

void rotate(at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, int64_t heads,
            int direction) {
  const int64_t half = cos.size(1);
  at::Tensor turning = x.narrow(1, 0, 2 * half * heads).view({x.size(0), heads, 2, half});
  const at::Tensor wide = turning.to(at::kFloat);
  const at::Tensor first = wide.select(2, 0), second = wide.select(2, 1);
  const at::Tensor c = cos.unsqueeze(1), s = sin.unsqueeze(1) * direction;
  turning.copy_(at::stack({first * c - second * s, second * c + first * s}, 2));
}

at::Tensor swiglu(const at::Tensor& gate_up) {
  const auto halves = gate_up.chunk(2, 1);
  return (at::silu(halves[0].to(at::kFloat)) * halves[1]).to(gate_up.scalar_type());
}

at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& da) {
  const auto halves = gate_up.chunk(2, 1);
  const at::Tensor gate = halves[0].to(at::kFloat), up = halves[1].to(at::kFloat);
  const at::Tensor d = da.to(at::kFloat), sigmoid = at::sigmoid(gate), silu = gate * sigmoid;
  // Before gate_up is overwritten: in float32, up is a view of it.
  at::Tensor a = (silu * up).to(gate_up.scalar_type());
  gate_up.copy_(at::cat({d * up * (sigmoid + silu * (1 - sigmoid)), d * silu}, 1));
  return a;
}

LossRows loss(at::Tensor& cosines, at::Tensor& likeness, const at::Tensor& positive_logit,
              const LossSettings& settings, const at::Tensor& logits) {
  constexpr double lowest = -std::numeric_limits<double>::infinity();
  const at::Tensor left_out = likeness.gt(settings.threshold);
  const at::Tensor scaled = (cosines * settings.scale).masked_fill_(left_out, lowest);
  if (logits.defined()) logits.copy_(scaled);
  // There may be no negatives, which have no largest logit.
  const at::Tensor best =
      scaled.size(1) == 0 ? positive_logit : at::maximum(positive_logit, scaled.amax(1, true));
  const at::Tensor weights = at::exp(scaled - best);
  const at::Tensor total = at::sum(weights, 1, true) + at::exp(positive_logit - best);
  const at::Tensor shares = weights * (settings.weight / total);
  const at::Tensor temperature = at::sum(shares * cosines, 1, true);
  cosines.copy_(shares);
  return {best, best + at::log(total), at::sum(left_out, 1).to(at::kFloat), temperature};
}

}  // namespace

const RowOps kRowOperations{norm,   add_norm, norm_again,      norm_backward,
                            rotate, swiglu,   swiglu_backward, loss};

}  // namespace lockstep
