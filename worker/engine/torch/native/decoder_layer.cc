// A whole Llama decoder layer over packed sequences, and its backward by libtorch's autograd.
//
// Legend: T rows of all sequences, H hidden size, Nq query heads, Nk key-value heads, D head size,
// B sequences of one group, L their common length. Sequences of one length are neighbours, so a
// group is a view [B, L, N, D] of the packed rows and no padding is ever computed.
#include <stdexcept>
#include <string>

#include "call.h"
#include "fused_rows.h"

namespace lockstep {

namespace {

// The order in which the kernel takes its inputs; gradients come back in the order of the first ten.
enum Input : size_t { kX, kInputNorm, kQ, kK, kV, kO, kPostNorm, kGate, kUp, kDown, kCos, kSin };
constexpr size_t kDifferentiable = kCos;

struct Geometry {
  int64_t heads;
  int64_t key_value_heads;
  double eps;
  // Triples of first row, count, length.
  std::vector<int64_t> groups;
};

// Rows of each group; together they must be all rows, in their order.
std::vector<int64_t> rows_of_groups(const Geometry& geometry, int64_t all) {
  std::vector<int64_t> rows;
  int64_t next = 0;
  for (size_t i = 0; i + 2 < geometry.groups.size(); i += 3) {
    const int64_t count = geometry.groups[i + 1] * geometry.groups[i + 2];
    if (geometry.groups[i] != next || count <= 0) break;
    rows.push_back(count);
    next += count;
  }
  if (next != all || 3 * rows.size() != geometry.groups.size()) {
    throw std::invalid_argument("the groups are not the rows 0 to " + std::to_string(all) +
                                " in order");
  }
  return rows;
}

// Causal attention inside every sequence. q [T, Nq, D], k and v [T, Nk, D] -> [T, Nq D].
//
// The rows are split once for all groups: the gradient of a split is one concatenation, whereas that
// of a view of some rows is a matrix of zeros as large as all of them, for each group.
at::Tensor attend(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const Geometry& geometry) {
  const bool grouped = geometry.heads != geometry.key_value_heads;
  const std::vector<int64_t> rows = rows_of_groups(geometry, q.size(0));
  const auto qs = q.split_with_sizes(rows);
  const auto ks = k.split_with_sizes(rows);
  const auto vs = v.split_with_sizes(rows);
  std::vector<at::Tensor> outputs;
  outputs.reserve(rows.size());
  for (size_t i = 0; i < rows.size(); i++) {
    const int64_t count = geometry.groups[3 * i + 1];
    const int64_t length = geometry.groups[3 * i + 2];
    const auto by_head = [&](const at::Tensor& x) {
      return x.view({count, length, x.size(1), x.size(2)}).transpose(1, 2);
    };
    const at::Tensor mixed = at::scaled_dot_product_attention(
        by_head(qs[i]), by_head(ks[i]), by_head(vs[i]), {}, 0.0, true, std::nullopt, grouped);
    outputs.push_back(mixed.transpose(1, 2).reshape({count * length, -1}));
  }
  return at::cat(outputs, 0);
}

at::Tensor decoder_layer(const std::vector<at::Tensor>& in, const Geometry& geometry) {
  const int64_t rows = in[kX].size(0);
  const int64_t size = in[kQ].size(0) / geometry.heads;
  const int64_t queries = geometry.heads;
  const int64_t keys = geometry.key_value_heads;

  const at::Tensor normed = rms_norm(in[kX], in[kInputNorm], geometry.eps);
  // One matrix product for what reads the same input.
  const at::Tensor qkv = at::linear(normed, at::cat({in[kQ], in[kK], in[kV]}))
                             .view({rows, queries + 2 * keys, size});
  const auto turned = rotate_heads(qkv, in[kCos], in[kSin], queries + keys)
                          .split_with_sizes({queries, keys, keys}, 1);
  const at::Tensor attended = attend(turned[0], turned[1], turned[2], geometry);
  const at::Tensor middle = in[kX] + at::linear(attended, in[kO]);

  const at::Tensor normed_middle = rms_norm(middle, in[kPostNorm], geometry.eps);
  const at::Tensor gated = at::silu(at::linear(normed_middle, in[kGate]));
  return middle + at::linear(gated * at::linear(normed_middle, in[kUp]), in[kDown]);
}

Outputs forward(const Call& call) {
  const Geometry geometry{call.integer("heads"), call.integer("keyValueHeads"), call.number("eps"),
                          call.integers("groups")};
  std::vector<at::Tensor> inputs = call.inputs();
  if (!call.boolean("keepGraph")) return decoder_layer(inputs, geometry);

  const at::AutoGradMode recording(true);
  for (size_t i = 0; i < kDifferentiable; i++) {
    inputs[i] = inputs[i].detach().requires_grad_();
  }
  const at::Tensor y = decoder_layer(inputs, geometry);
  inputs.resize(kDifferentiable);
  return {y.detach(), Graph{y, std::move(inputs)}};
}

// Inputs {y, dy}. Consumes the graph: libtorch frees each activation as soon as it is used.
Outputs backward(const Call& call) {
  const Graph graph = call.session().take_graph(call.handle(0));
  return torch::autograd::grad({graph.output}, graph.inputs, {call.input(1)});
}

}  // namespace

void add_decoder_layer_kernels(Kernels& k) {
  k["LockstepDecoderLayer"] = forward;
  k["LockstepDecoderLayerGrad"] = backward;
}

}  // namespace lockstep
