// One call for all sequences of a CUDA device, whatever their lengths: libtorch's flash attention
// takes offsets of packed rows. By groups, a layer of short texts is a call for each length.
#include <ATen/ops/_flash_attention_backward.h>
#include <ATen/ops/_flash_attention_forward.h>

#include <algorithm>

#include "device.h"
#include "device_check.h"
#include "packed_attention.h"

namespace lockstep {

namespace {

// [rows, N D] -> [rows, N, D], a view.
at::Tensor by_head(const at::Tensor& x, int64_t head_size) {
  return x.view({x.size(0), x.size(1) / head_size, head_size});
}

struct Offsets {
  at::Tensor queries, keys;  // [n + 1], where each sequence begins
  int64_t most_queries, most_keys;
};

Offsets offsets_of(const AttentionShape& shape, const at::Device& device) {
  std::vector<int32_t> queries{0}, keys{0};
  int64_t longest = 0;
  for (const auto& [first_row, count, length, leaves] : shape.groups) {
    longest = std::max(longest, length);
    for (int64_t i = 0; i < count; i++) {
      keys.push_back(keys.back() + static_cast<int32_t>(length));
      queries.push_back(queries.back() + static_cast<int32_t>(shape.last ? 1 : length));
    }
  }
  const auto uploaded = [&](const std::vector<int32_t>& offsets) {
    return to_device(offsets.data(), {static_cast<int64_t>(offsets.size())}, at::kInt, device);
  };
  return {uploaded(queries), uploaded(keys), shape.last ? 1 : longest, longest};
}

void compare_with_operations(const at::Device& device, bool last) {
  const AttentionShape shape{{{0, 3, 5}, {15, 2, 7}}, 16, last};
  const auto numbers = [&](int64_t rows, int64_t width, double slope) {
    return numbers_to_compare(rows, width, slope, device).to(at::kBFloat16);
  };
  const int64_t queries = last ? 5 : 29;
  const at::Tensor kv = numbers(29, 64, 0.37), d_output = numbers(queries, 64, 0.73);
  const Heads heads{numbers(queries, 64, 0.11), kv.narrow(1, 0, 32), kv.narrow(1, 32, 32)};
  const auto gradients = [&] {
    return Heads{at::empty_like(heads.q), at::empty_like(heads.k), at::empty_like(heads.v)};
  };
  const Attended got = attention_by_flash(heads, shape, true);
  const Attended expected = attention_by_operations(heads, shape, true);
  require_near(got.output, expected.output, "the output");
  const Heads d = gradients(), e = gradients();
  got.backward(d_output, d);
  expected.backward(d_output, e);
  require_near(d.q, e.q, "the queries' gradient");
  require_near(d.k, e.k, "the keys' gradient");
  require_near(d.v, e.v, "the values' gradient");
}

}  // namespace

Attended attention_by_flash(const Heads& heads, const AttentionShape& shape, bool keep) {
  const at::Tensor q = by_head(heads.q, shape.head_size), k = by_head(heads.k, shape.head_size),
                   v = by_head(heads.v, shape.head_size);
  const Offsets starts = offsets_of(shape, q.device());
  const bool causal = !shape.last;
  const auto [mixed, normalisers, seed, unused, mask] = at::_flash_attention_forward(
      q, k, v, starts.queries, starts.keys, starts.most_queries, starts.most_keys,
      /*dropout_p=*/0.0, causal, /*return_debug_mask=*/false);
  const at::Tensor output = mixed.reshape({q.size(0), heads.q.size(1)});
  if (!keep) return {output, nullptr};
  const int64_t head_size = shape.head_size;
  return {output, [=, mixed = mixed, normalisers = normalisers, seed = seed, unused = unused](
                      const at::Tensor& d_output, const Heads& d) {
            const auto [dq, dk, dv] = at::_flash_attention_backward(
                by_head(d_output.contiguous(), head_size), q, k, v, mixed, normalisers,
                starts.queries, starts.keys, starts.most_queries, starts.most_keys,
                /*dropout_p=*/0.0, causal, seed, unused);
            by_head(d.q, head_size).copy_(dq);
            by_head(d.k, head_size).copy_(dk);
            by_head(d.v, head_size).copy_(dv);
          }};
}

bool goes_by_flash(const at::Tensor& q, int64_t head_size) {
  if (!q.is_cuda() || q.scalar_type() != at::kBFloat16) return false;
  if (head_size % 8 != 0 || head_size > 256) return false;
  static const bool usable =
      passes_on_device("attention goes by one call for each length of text", [&] {
        compare_with_operations(q.device(), false);
        compare_with_operations(q.device(), true);
      });
  return usable;
}

}  // namespace lockstep
