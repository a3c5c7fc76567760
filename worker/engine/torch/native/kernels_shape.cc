// The same values in another shape. A reshaped tensor shares the memory of what it was.
#include "call.h"

namespace lockstep {

namespace {

const Signature kOne{{{"x"}}};

at::Tensor slice(const at::Tensor& x, const std::vector<int64_t>& begin,
                 const std::vector<int64_t>& size) {
  at::Tensor y = x;
  for (size_t axis = 0; axis < begin.size(); axis++) {
    y = y.narrow(static_cast<int64_t>(axis), begin[axis], size.at(axis));
  }
  return y;
}

}  // namespace

void add_shape_kernels(Kernels& k) {
  k["Reshape"] = {kOne, [](const Call& call) { return call.input(0).reshape(call.integers("shape")); }};
  k["Transpose"] = {kOne, [](const Call& call) {
    return call.input(0).permute(call.integers("perm"));
  }};
  k["Concat"] = {Signature{{{"x"}}, true}, [](const Call& call) { return at::cat(call.inputs(), call.integer("axis")); }};
  k["Slice"] = {kOne, [](const Call& call) {
    return slice(call.input(0), call.integers("begin"), call.integers("size"));
  }};
  // For an axis of stride 1, as for any other, element i comes from begin + i stride.
  k["StridedSlice"] = {kOne, [](const Call& call) {
    const auto begin = call.integers("begin");
    const auto size = call.integers("size");
    const auto strides = call.integers("strides");
    at::Tensor y = call.input(0);
    for (size_t axis = 0; axis < begin.size(); axis++) {
      const at::Tensor from = at::arange(size.at(axis), y.options().dtype(at::kLong)) * strides.at(axis) + begin[axis];
      y = at::index_select(y, static_cast<int64_t>(axis), from);
    }
    return y;
  }};
  k["BroadcastTo"] = {kOne, [](const Call& call) {
    return call.input(0).broadcast_to(call.integers("shape"));
  }};
  k["Pack"] = {Signature{{{"x"}}, true}, [](const Call& call) { return at::stack(call.inputs(), call.integer("axis")); }};
  k["Unpack"] = {Signature{{{"value"}}}, [](const Call& call) -> Outputs {
    return at::unbind(call.input(0), call.integer("axis"));
  }};
  k["SplitV"] = {kOne, [](const Call& call) -> Outputs {
    return at::split_with_sizes(call.input(0), call.integers("sizes"), call.integer("axis"));
  }};
  k["Tile"] = {kOne, [](const Call& call) { return call.input(0).repeat(call.integers("reps")); }};
  k["Reverse"] = {kOne, [](const Call& call) { return at::flip(call.input(0), call.integers("dims")); }};
  k["PadV2"] = {kOne, [](const Call& call) {
    return at::constant_pad_nd(call.input(0), call.integers("padding"),
                               call.number("constantValue"));
  }};
  k["Fill"] = {Signature{}, [](const Call& call) {
    return at::full(call.integers("shape"), call.number("value"),
                    at::TensorOptions(call.dtype("dtype")).device(call.session().device));
  }};
}

}  // namespace lockstep
