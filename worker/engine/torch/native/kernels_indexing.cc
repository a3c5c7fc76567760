// Rows by number. Sums over rows go in the order of the rows, whatever the number of threads.
#include "call.h"

namespace lockstep {

void add_indexing_kernels(Kernels& k) {
  k["GatherV2"] = [](const Call& call) {
    const at::Tensor& x = call.input(0);
    const int64_t axis = call.integer("axis");
    const at::Tensor& indices = call.input(1);
    const at::Tensor flat = at::index_select(x, axis, indices.reshape({-1}).to(at::kInt));
    std::vector<int64_t> shape(x.sizes().begin(), x.sizes().begin() + axis);
    shape.insert(shape.end(), indices.sizes().begin(), indices.sizes().end());
    shape.insert(shape.end(), x.sizes().begin() + axis + 1, x.sizes().end());
    return flat.reshape(shape);
  };
  k["UnsortedSegmentSum"] = [](const Call& call) {
    const at::Tensor& x = call.input(0);
    const at::Tensor segments = call.input(1).reshape({-1}).to(at::kLong);
    std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
    shape[0] = call.integer("numSegments");
    // Rows of a negative segment are dropped: they are added to a row that is then cut off.
    const at::Tensor kept = at::where(segments.lt(0), shape[0], segments);
    shape[0] += 1;
    return at::zeros(shape, x.options()).index_add_(0, kept, x).narrow(0, 0, shape[0] - 1).clone();
  };
  k["OneHot"] = [](const Call& call) {
    const at::ScalarType dtype = call.dtype("dtype");
    const at::Tensor indices = call.input(0).to(at::kLong).unsqueeze(-1);
    const at::Tensor hit = indices.eq(at::arange(call.integer("depth"), at::kLong));
    const auto value = [&](const char* name) { return at::full({}, call.number(name), dtype); };
    return at::where(hit, value("onValue"), value("offValue"));
  };
}

}  // namespace lockstep
