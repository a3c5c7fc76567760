// One value out for each value in, with tfjs's rules: inputs of one type, broadcast by shape.
#include "call.h"

namespace lockstep {

namespace {

using Unary = at::Tensor (*)(const at::Tensor&);
using Binary = at::Tensor (*)(const at::Tensor&, const at::Tensor&);

const Signature kOne{{{"x"}}}, kTwo{{{"a"}, {"b"}}};
const Signature kThree{{{"condition"}, {"t"}, {"e"}}};

Kernel unary(Unary f) {
  return {kOne, [f](const Call& call) { return f(call.input(0)); }};
}

// Whether their shapes broadcast is for libtorch to say.
Kernel binary(Binary f) {
  return {kTwo, [f](const Call& call) { return f(call.input(0), call.input(1)); }};
}

at::Tensor round_down(const at::Tensor& a, const at::Tensor& b) {
  return at::div(a, b, "floor").to(at::kInt);
}

}  // namespace

void add_elementwise_kernels(Kernels& k) {
  k["Add"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::add(a, b); });
  k["Sub"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::sub(a, b); });
  k["Multiply"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::mul(a, b); });
  k["RealDiv"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::div(a, b); });
  k["FloorDiv"] = binary(round_down);
  k["Maximum"] = binary(at::maximum);
  k["Minimum"] = binary(at::minimum);
  k["Pow"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::pow(a, b); });
  k["SquaredDifference"] =
      binary([](const at::Tensor& a, const at::Tensor& b) { return at::square(at::sub(a, b)); });
  k["Equal"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::eq(a, b); });
  k["NotEqual"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::ne(a, b); });
  k["Greater"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::gt(a, b); });
  k["GreaterEqual"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::ge(a, b); });
  k["Less"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::lt(a, b); });
  k["LessEqual"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::le(a, b); });
  k["LogicalAnd"] = binary(at::logical_and);
  k["LogicalOr"] = binary(at::logical_or);
  k["LogicalNot"] = unary(at::logical_not);

  k["Atan2"] = binary(at::atan2);
  k["Mod"] = binary([](const at::Tensor& a, const at::Tensor& b) { return at::remainder(a, b); });

  k["Abs"] = unary(at::abs);
  k["Acos"] = unary(at::acos);
  k["Acosh"] = unary(at::acosh);
  k["Asin"] = unary(at::asin);
  k["Asinh"] = unary(at::asinh);
  k["Atan"] = unary(at::atan);
  k["Atanh"] = unary(at::atanh);
  k["Ceil"] = unary(at::ceil);
  k["Cos"] = unary(at::cos);
  k["Cosh"] = unary(at::cosh);
  k["Erf"] = unary(at::erf);
  k["Exp"] = unary(at::exp);
  k["Expm1"] = unary(at::expm1);
  k["Floor"] = unary(at::floor);
  k["IsFinite"] = unary(at::isfinite);
  k["IsInf"] = unary(at::isinf);
  k["IsNan"] = unary(at::isnan);
  k["Log"] = unary(at::log);
  k["Log1p"] = unary(at::log1p);
  k["Neg"] = unary(at::neg);
  k["Reciprocal"] = unary(at::reciprocal);
  k["Relu"] = unary(at::relu);
  k["Round"] = unary(at::round);
  k["Rsqrt"] = unary(at::rsqrt);
  k["Sigmoid"] = unary(at::sigmoid);
  k["Sign"] = unary(at::sign);
  k["Sin"] = unary(at::sin);
  k["Sinh"] = unary(at::sinh);
  k["Softplus"] = unary([](const at::Tensor& x) { return at::softplus(x); });
  k["Sqrt"] = unary(at::sqrt);
  k["Square"] = unary(at::square);
  k["Tan"] = unary(at::tan);
  k["Tanh"] = unary(at::tanh);
  k["ZerosLike"] = unary([](const at::Tensor& x) { return at::zeros_like(x); });
  k["OnesLike"] = unary([](const at::Tensor& x) { return at::ones_like(x); });

  k["Step"] = {kOne, [](const Call& call) {
    const at::Tensor& x = call.input(0);
    const at::Tensor below = at::full_like(x, call.number("alpha"));
    return at::where(at::isnan(x), x, at::where(at::gt(x, 0), at::ones_like(x), below));
  }};
  k["ClipByValue"] = {kOne, [](const Call& call) {
    const at::Tensor& x = call.input(0);
    return at::clamp(x, call.number("clipValueMin"), call.number("clipValueMax"))
        .to(x.scalar_type());
  }};
  k["Select"] = {kThree, [](const Call& call) {
    const at::Tensor& then = call.input(1);
    at::Tensor condition = call.input(0).to(at::kBool);
    // A condition of lower rank chooses whole entries of the first axis.
    while (condition.dim() < then.dim()) condition = condition.unsqueeze(-1);
    return at::where(condition, then, call.input(2));
  }};
  k["Cast"] = {kOne, [](const Call& call) {
    const at::ScalarType dtype = call.dtype("dtype");
    const at::Tensor& x = call.input(0);
    return dtype == at::kBool ? at::ne(x, 0) : x.to(dtype, false, true);
  }};
  k["AddN"] = {Signature{{{"x"}}, true}, [](const Call& call) {
    at::Tensor sum = call.input(0).clone();
    for (size_t i = 1; i < call.count(); i++) sum.add_(call.input(i));
    return sum;
  }};
}

}  // namespace lockstep
