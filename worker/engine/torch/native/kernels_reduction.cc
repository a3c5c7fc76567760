// Fewer values out than in. An empty list of axes reduces nothing, as in tfjs.
#include <cmath>

#include "call.h"

namespace lockstep {

namespace {

using Reduce = at::Tensor (*)(const at::Tensor&, at::IntArrayRef, bool);

const Signature kOne{{{"x"}}};

Kernel reduce(Reduce f) {
  return {kOne, [f](const Call& call) -> Outputs {
            const auto axes = call.integers("axes");
            if (axes.empty()) return call.input(0).clone();
            return f(call.input(0), axes, call.boolean("keepDims"));
          }};
}

// libtorch multiplies over one axis at a time.
at::Tensor product(const at::Tensor& x, at::IntArrayRef axes, bool keep) {
  at::Tensor y = x;
  for (const int64_t axis : axes) y = at::prod(y, axis, true, x.scalar_type());
  return keep ? y : y.squeeze(axes);
}

// libtorch takes NaN for the largest value; tfjs passes over it.
at::Tensor without_nan(const at::Tensor& x, double instead) {
  if (!x.is_floating_point()) return x.scalar_type() == at::kBool ? x.to(at::kInt) : x;
  return at::where(at::isnan(x), instead, x);
}

}  // namespace

void add_reduction_kernels(Kernels& k) {
  k["Sum"] = reduce([](const at::Tensor& x, at::IntArrayRef axes, bool keep) {
    return at::sum(x, axes, keep, x.scalar_type() == at::kBool ? at::kInt : x.scalar_type());
  });
  k["Mean"] = reduce([](const at::Tensor& x, at::IntArrayRef axes, bool keep) {
    return at::mean(x.to(at::kFloat), axes, keep);
  });
  k["Max"] = reduce(
      [](const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::amax(x, axes, keep); });
  k["Min"] = reduce(
      [](const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::amin(x, axes, keep); });
  k["Prod"] = reduce(product);
  k["All"] = reduce(
      [](const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::all(x, axes, keep); });
  k["Any"] = reduce(
      [](const at::Tensor& x, at::IntArrayRef axes, bool keep) { return at::any(x, axes, keep); });
  k["ArgMax"] = {kOne, [](const Call& call) {
    const at::Tensor x = without_nan(call.input(0), -INFINITY);
    return at::argmax(x, call.integer("axis")).to(at::kInt);
  }};
  k["ArgMin"] = {kOne, [](const Call& call) {
    const at::Tensor x = without_nan(call.input(0), INFINITY);
    return at::argmin(x, call.integer("axis")).to(at::kInt);
  }};
  k["Softmax"] = {Signature{{{"logits", kFloats}}}, [](const Call& call) { return at::softmax(call.input(0), call.integer("axis")); }};
  k["LogSoftmax"] = {Signature{{{"logits", kFloats}}}, [](const Call& call) {
    return at::log_softmax(call.input(0), call.integer("axis"));
  }};
  k["Cumsum"] = {kOne, [](const Call& call) {
    const int64_t axis = call.integer("axis");
    const bool reverse = call.boolean("reverse");
    const at::Tensor& given = call.input(0);
    const at::Tensor x = reverse ? at::flip(given, axis) : given;
    at::Tensor y = at::cumsum(x, axis, x.scalar_type());
    if (call.boolean("exclusive")) y = at::sub(y, x);
    return reverse ? at::flip(y, axis) : y;
  }};
  k["Cumprod"] = {kOne, [](const Call& call) {
    const int64_t axis = call.integer("axis");
    const bool reverse = call.boolean("reverse");
    at::Tensor x = reverse ? at::flip(call.input(0), axis) : call.input(0);
    if (call.boolean("exclusive") && x.size(axis) > 0) {
      x = at::cat({at::ones_like(x.narrow(axis, 0, 1)), x.narrow(axis, 0, x.size(axis) - 1)}, axis);
    }
    const at::Tensor y = at::cumprod(x, axis, x.scalar_type());
    return reverse ? at::flip(y, axis) : y;
  }};
  // A stable sort, because of equal values the first comes first; always sorted, as on every engine.
  k["TopK"] = {kOne, [](const Call& call) -> Outputs {
    const int64_t count = call.integer("k");
    const auto [values, indices] = at::sort(call.input(0), true, -1, true);
    return std::vector<at::Tensor>{values.narrow(-1, 0, count),
                                   indices.narrow(-1, 0, count).to(at::kInt)};
  }};
}

}  // namespace lockstep
