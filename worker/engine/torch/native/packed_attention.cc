#include "packed_attention.h"

#include <torch/csrc/autograd/autograd.h>

#include <stdexcept>
#include <string>

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

}  // namespace

void require_groups(const std::vector<Group>& groups, int64_t rows) {
  int64_t next = 0;
  bool in_order = true;
  for (const Group& group : groups) {
    in_order = in_order && group.first_row == next && group.count > 0 && group.length > 0;
    next += group.count * group.length;
  }
  if (!in_order || next != rows) {
    throw std::invalid_argument("the groups are not the rows 0 to " + std::to_string(rows) +
                                " in order");
  }
}

PackedAttention::PackedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                                 const std::vector<Group>& groups, int64_t head_size, bool last,
                                 bool keep)
    : groups_(groups), head_size_(head_size), last_(last) {
  const at::AutoGradMode recording(keep);
  const bool grouped = q.size(1) != k.size(1);
  const bool widen = q.scalar_type() == at::kBFloat16 && !multiplies_bfloat16(q.device());
  const auto leaf = [&](const at::Tensor& x) {
    const at::Tensor own = (widen ? x.to(at::kFloat) : x).detach();
    return keep ? own.requires_grad_() : own;
  };
  std::vector<at::Tensor> outputs;
  int64_t sequence = 0;
  for (const auto& [first_row, count, length] : groups_) {
    const at::Tensor queries =
        leaf(last ? by_head(q, sequence, count, 1, head_size)
                  : by_head(q, first_row, count, length, head_size));
    const at::Tensor keys = leaf(by_head(k, first_row, count, length, head_size));
    const at::Tensor values = leaf(by_head(v, first_row, count, length, head_size));
    const at::Tensor mixed = at::scaled_dot_product_attention(
        queries, keys, values, {}, 0.0, /*is_causal=*/!last, std::nullopt, grouped);
    outputs.push_back(mixed.detach().transpose(1, 2).reshape({-1, q.size(1)}));
    sequence += count;
    if (!keep) continue;
    mixed_.push_back(mixed);
    leaves_.insert(leaves_.end(), {queries, keys, values});
  }
  output_ = at::cat(outputs, 0).to(q.scalar_type());
}

void PackedAttention::backward(const at::Tensor& d_output, at::Tensor dq, at::Tensor dk,
                               at::Tensor dv) {
  std::vector<at::Tensor> d_mixed;
  int64_t sequence = 0;
  for (size_t i = 0; i < groups_.size(); i++) {
    const auto& [first_row, count, length] = groups_[i];
    const at::Tensor rows = last_ ? by_head(d_output, sequence, count, 1, head_size_)
                                  : by_head(d_output, first_row, count, length, head_size_);
    d_mixed.push_back(rows.to(mixed_[i].scalar_type()));
    sequence += count;
  }
  const auto gradients = torch::autograd::grad(mixed_, leaves_, d_mixed);
  mixed_.clear();
  leaves_.clear();
  sequence = 0;
  for (size_t i = 0; i < groups_.size(); i++) {
    const auto& [first_row, count, length] = groups_[i];
    at::Tensor queries = last_ ? by_head(dq, sequence, count, 1, head_size_)
                               : by_head(dq, first_row, count, length, head_size_);
    queries.copy_(gradients[3 * i]);
    by_head(dk, first_row, count, length, head_size_).copy_(gradients[3 * i + 1]);
    by_head(dv, first_row, count, length, head_size_).copy_(gradients[3 * i + 2]);
    sequence += count;
  }
}

}  // namespace lockstep
