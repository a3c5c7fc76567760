// From token ids to rows of the residual stream, and back to the gradients of the table.
//
// Legend: V words, T rows, H hidden size. The token -1 stands for [ITEM], whose vector is no word's.
#include <ATen/Parallel.h>

#include <cstring>
#include <stdexcept>

#include "call.h"

namespace lockstep {

namespace {

constexpr int64_t kColumns = 32;

const Signature kEmbed{
    {{"words", kFloats, "V H"}, {"item", kFloats, "H"}, {"tokens", kInts, "T"}}};
const Signature kEmbedGrad{{{"dx", kFloats, "T H"}, {"tokens", kInts, "T"}}};

void require_tokens(const at::Tensor& tokens, int64_t words) {
  if (tokens.numel() == 0) return;
  const auto [least, most] = at::aminmax(tokens);
  if (least.item<int32_t>() < -1 || most.item<int32_t>() >= words) {
    throw std::out_of_range("a token is not in [-1, " + std::to_string(words) + ")");
  }
}

// Rows of the table with [ITEM] behind the last word. [T]
at::Tensor rows_of(const at::Tensor& tokens, int64_t words) {
  return at::where(tokens.lt(0), words, tokens).to(at::kLong);
}

// {table [V, H], item [H], tokens [T]} -> [T, H]
Outputs embed(const Call& call) {
  const at::Tensor &table = call.input(0), &item = call.input(1), &tokens = call.input(2);
  const int64_t T = tokens.size(0), V = table.size(0), H = table.size(1);
  require_tokens(tokens, V);
  if (!table.is_cpu()) {
    return at::cat({table, item.unsqueeze(0)}).index_select(0, rows_of(tokens, V));
  }
  at::Tensor x = at::empty({T, H}, table.options());
  const auto* token = tokens.const_data_ptr<int32_t>();
  const auto* words = table.const_data_ptr<float>();
  const auto* own = item.const_data_ptr<float>();
  auto* to = x.data_ptr<float>();
  at::parallel_for(0, T, 64, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++) {
      std::memcpy(to + t * H, token[t] < 0 ? own : words + token[t] * H, H * sizeof(float));
    }
  });
  return x;
}

// {dx [T, H], tokens [T]} -> gradients of the table [V, H] and of [ITEM] [H]. Rows are added in their
// order; threads share the columns, so the order does not depend on them.
Outputs embed_backward(const Call& call) {
  const at::Tensor &dx = call.input(0), &tokens = call.input(1);
  const int64_t T = dx.size(0), H = dx.size(1), V = call.integer("words");
  if (V < 0) throw std::invalid_argument("\"words\" must not be below 0");
  require_tokens(tokens, V);
  at::Tensor gradient = at::zeros({V + 1, H}, dx.options());
  if (!dx.is_cpu()) {
    gradient.index_add_(0, rows_of(tokens, V), dx);
  } else {
    const auto* token = tokens.const_data_ptr<int32_t>();
    const auto* from = dx.const_data_ptr<float>();
    auto* to = gradient.data_ptr<float>();
    at::parallel_for(0, (H + kColumns - 1) / kColumns, 1, [&](int64_t begin, int64_t end) {
      const int64_t first = begin * kColumns, last = std::min(H, end * kColumns);
      for (int64_t t = 0; t < T; t++) {
        float* const row = to + (token[t] < 0 ? V : token[t]) * H;
        for (int64_t h = first; h < last; h++) row[h] += from[t * H + h];
      }
    });
  }
  return std::vector<at::Tensor>{gradient.narrow(0, 0, V), gradient.select(0, V)};
}

}  // namespace

void add_embedding_kernels(Kernels& k) {
  k["LockstepEmbed"] = {kEmbed, embed};
  k["LockstepEmbedGrad"] = {kEmbedGrad, embed_backward};
}

}  // namespace lockstep
