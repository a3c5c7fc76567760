// Rows by number. Sums over rows go in the order of the rows, whatever the number of threads.
#include <stdexcept>
#include <string>

#include "call.h"

namespace lockstep {

namespace {

const Signature kGather{{{"x"}, {"indices", kInts}}};
const Signature kGatherTuples{{{"params"}, {"indices", kInts}}};
const Signature kScatterTuples{{{"indices", kInts}, {"updates"}}};
const Signature kSegments{{{"x", kNumbers}, {"segmentIds", kInts}}};

// How many axes of `shape` each index tuple [..., R] names.
int64_t depth_of(const at::Tensor& tuples, at::IntArrayRef shape) {
  const int64_t depth = tuples.size(-1);
  if (depth > static_cast<int64_t>(shape.size())) {
    throw std::out_of_range("an index names " + std::to_string(depth) + " axes: there are " +
                            std::to_string(shape.size()));
  }
  return depth;
}

// Index tuples [..., R] into the first R axes of `shape`, as numbers of rows of the rest.
at::Tensor row_numbers(const at::Tensor& tuples, at::IntArrayRef shape) {
  const int64_t depth = depth_of(tuples, shape);
  at::Tensor rows = at::zeros({tuples.numel() / std::max<int64_t>(1, depth)},
                             tuples.options().dtype(at::kLong));
  const at::Tensor flat = tuples.reshape({-1, depth}).to(at::kLong);
  for (int64_t axis = 0; axis < depth; axis++) {
    const at::Tensor index = flat.select(1, axis);
    if (index.numel() > 0 && (index.lt(0) | index.ge(shape[axis])).any().item<bool>()) {
      throw std::out_of_range("an index of axis " + std::to_string(axis) + " is not in [0, " +
                              std::to_string(shape[axis]) + ")");
    }
    rows = rows * shape[axis] + index;
  }
  return rows;
}

// Names the first index that is out of range.
void check_range(const at::Tensor& indices, int64_t extent) {
  const at::Tensor bad = indices.masked_select(indices.lt(0) | indices.ge(extent));
  if (bad.numel() == 0) return;
  throw std::out_of_range("GatherV2: the index value " + std::to_string(bad[0].item<int64_t>()) +
                          " is not in [0, " + std::to_string(extent - 1) + "]");
}

int64_t product(at::IntArrayRef extents) {
  int64_t all = 1;
  for (const int64_t extent : extents) all *= extent;
  return all;
}

}  // namespace

void add_indexing_kernels(Kernels& k) {
  // x [B, O, A, I] and indices [B, N] -> [B, O, N, I], for every way in which tfjs folds its axes.
  k["GatherV2"] = {kGather, [](const Call& call) {
    const std::vector<int64_t> extents = call.integers("extents");
    const auto [batch, outer, rows, inner] =
        std::tuple(extents.at(0), extents.at(1), extents.at(2), extents.at(3));
    const std::vector<int64_t> shape = call.integers("shape");
    const at::Tensor indices = call.input(1).reshape({-1}).to(at::kLong);
    check_range(indices, rows);
    // Whole rows of a matrix, the usual case, are copied as such.
    if (batch * outer == 1) {
      return at::index_select(call.input(0).reshape({rows, inner}), 0, indices).reshape(shape);
    }
    const int64_t count = indices.numel() / std::max<int64_t>(1, batch);
    const at::Tensor each =
        indices.view({batch, 1, count, 1}).expand({batch, outer, count, inner});
    return at::gather(call.input(0).reshape(extents), 2, each).reshape(shape);
  }};
  k["UnsortedSegmentSum"] = {kSegments, [](const Call& call) {
    const at::Tensor& x = call.input(0);
    if (x.dim() == 0) throw std::invalid_argument("x must have at least one axis");
    const at::Tensor segments = call.input(1).reshape({-1}).to(at::kLong);
    const int64_t count = call.integer("numSegments");
    if (segments.ge(count).any().item<bool>()) {
      throw std::out_of_range("a segment is not below " + std::to_string(count));
    }
    std::vector<int64_t> shape(x.sizes().begin(), x.sizes().end());
    shape[0] = count;
    // Rows of a negative segment are dropped: they are added to a row that is then cut off.
    const at::Tensor kept = at::where(segments.lt(0), shape[0], segments);
    shape[0] += 1;
    return at::zeros(shape, x.options()).index_add_(0, kept, x).narrow(0, 0, shape[0] - 1).clone();
  }};
  k["GatherNd"] = {kGatherTuples, [](const Call& call) {
    const at::Tensor& x = call.input(0);
    const at::Tensor& tuples = call.input(1);
    const at::IntArrayRef inner = x.sizes().slice(depth_of(tuples, x.sizes()));
    const at::Tensor rows = row_numbers(tuples, x.sizes());
    std::vector<int64_t> shape(tuples.sizes().begin(), tuples.sizes().end() - 1);
    shape.insert(shape.end(), inner.begin(), inner.end());
    return at::index_select(x.reshape({-1, product(inner)}), 0, rows).reshape(shape);
  }};
  // Updates of one place add up, in the order in which they are listed.
  k["ScatterNd"] = {kScatterTuples, [](const Call& call) {
    const at::Tensor& given = call.input(0);
    // A list of numbers is a list of tuples of one number.
    const at::Tensor tuples = given.dim() == 1 ? given.unsqueeze(1) : given;
    const at::Tensor& updates = call.input(1);
    const std::vector<int64_t> shape = call.integers("shape");
    const at::IntArrayRef extents(shape);
    const int64_t depth = depth_of(tuples, extents);
    const int64_t inner = product(extents.slice(depth));
    const at::Tensor rows = row_numbers(tuples, extents);
    return at::zeros({product(extents.slice(0, depth)), inner}, updates.options())
        .index_add_(0, rows, updates.reshape({-1, inner}))
        .reshape(shape);
  }};
  k["OneHot"] = {Signature{{{"indices", kInts}}}, [](const Call& call) {
    const at::ScalarType dtype = call.dtype("dtype");
    const at::Tensor indices = call.input(0).to(at::kLong).unsqueeze(-1);
    const at::Tensor hit = indices.eq(at::arange(call.integer("depth"), indices.options()));
    const auto value = [&](const char* name) { return at::full({}, call.number(name), indices.options().dtype(dtype)); };
    return at::where(hit, value("onValue"), value("offValue"));
  }};
}

}  // namespace lockstep
