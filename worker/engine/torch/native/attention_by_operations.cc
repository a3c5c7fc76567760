#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/autograd.h>

#include "packed_attention.h"
#include "products.h"

namespace lockstep {

namespace {

// The rows of one group as [B, N, L, D], a view.
at::Tensor by_head(const at::Tensor& x, int64_t first_row, int64_t count, int64_t length,
                   int64_t head_size) {
  return x.narrow(0, first_row, count * length)
      .view({count, length, x.size(1) / head_size, head_size})
      .transpose(1, 2);
}

// Queries, keys and values of each group, one after another: views [B, N, L or 1, D].
std::vector<at::Tensor> views(const Heads& heads, const AttentionShape& shape) {
  std::vector<at::Tensor> views;
  int64_t sequence = 0;
  for (const auto& [first_row, count, length, leaves] : shape.groups) {
    views.push_back(shape.last ? by_head(heads.q, sequence, count, 1, shape.head_size)
                               : by_head(heads.q, first_row, count, length, shape.head_size));
    views.push_back(by_head(heads.k, first_row, count, length, shape.head_size));
    views.push_back(by_head(heads.v, first_row, count, length, shape.head_size));
    sequence += count;
  }
  return views;
}

// Which columns each row of a sequence with leaves sees: [L, L]. Undefined for a plain sequence, whose
// kernels know.
at::Tensor mask_of(const Group& group, const at::Device& device) {
  if (group.leaves == 0) return {};
  const int64_t L = group.length, shared = L - group.leaves;
  const at::Tensor mask = at::ones({L, L}, at::kBool).tril();
  mask.narrow(0, shared, group.leaves).narrow(1, shared, group.leaves).copy_(
      at::eye(group.leaves, at::kBool));
  return mask.to(device);
}

}  // namespace

Attended attention_by_operations(const Heads& heads, const AttentionShape& shape, bool keep) {
  const c10::AutoGradMode recording(keep);
  const at::Tensor& q = heads.q;
  const bool grouped = q.size(1) != heads.k.size(1);
  const bool widen = q.scalar_type() == at::kBFloat16 && !multiplies_bfloat16(q.device());
  std::vector<at::Tensor> given, mixed, outputs;
  for (const at::Tensor& view : views(heads, shape)) {
    given.push_back((widen ? view.to(at::kFloat) : view).detach().requires_grad_(keep));
  }
  for (size_t i = 0; i < given.size(); i += 3) {
    const at::Tensor mask = mask_of(shape.groups[i / 3], q.device());
    const bool causal = !shape.last && !mask.defined();
    mixed.push_back(at::scaled_dot_product_attention(
        given[i], given[i + 1], given[i + 2],
        mask.defined() ? std::make_optional(mask) : std::nullopt, 0.0, causal, std::nullopt,
        grouped));
    outputs.push_back(mixed.back().detach().transpose(1, 2).reshape({-1, q.size(1)}));
  }
  const at::Tensor output = at::cat(outputs, 0).to(q.scalar_type());
  if (!keep) return {output, nullptr};
  return {output, [given, mixed, shape](const at::Tensor& d_output, const Heads& d) {
            std::vector<at::Tensor> d_mixed;
            int64_t row = 0;
            for (const at::Tensor& each : mixed) {
              const int64_t count = each.size(0), length = each.size(2);
              d_mixed.push_back(
                  by_head(d_output, row, count, length, shape.head_size).to(each.scalar_type()));
              row += count * length;
            }
            const auto gradients = torch::autograd::grad(mixed, given, d_mixed);
            const std::vector<at::Tensor> places = views(d, shape);
            for (size_t i = 0; i < places.size(); i++) places[i].copy_(gradients[i]);
          }};
}

}  // namespace lockstep
