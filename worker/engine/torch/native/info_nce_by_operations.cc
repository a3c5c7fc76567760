// Goes over chunks of negatives, so that no matrix of all logits ever exists. The first pass keeps a
// running maximum and sum for each prediction, as an online softmax does; the second makes each
// chunk's logits again and multiplies. Where one chunk holds everything, it is kept.
//
// Legend: C negatives of a chunk.
#include <algorithm>
#include <limits>
#include <vector>

#include "info_nce.h"

namespace lockstep {

namespace {

// Cosines of a chunk, and which of them are left out. [R, C]
struct Chunk {
  at::Tensor cosines;
  at::Tensor left_out;
};

}  // namespace

NegativesPart negatives_by_operations(const LossInputs& in) {
  const int64_t R = in.users.size(0), K = in.negatives.size(0);
  const int64_t fitting = std::max<int64_t>(1, in.chunk_elements / std::max<int64_t>(R, 1));
  const int64_t C = in.wants_logits ? K : std::min(K, fitting);
  const double lowest = -std::numeric_limits<double>::infinity();
  const auto chunk_at = [&](int64_t start) -> Chunk {
    const at::Tensor unit = in.negatives.narrow(0, start, std::min(C, K - start)).t();
    return {at::mm(in.users, unit), at::mm(in.positives, unit).gt(in.threshold)};
  };

  NegativesPart out;
  out.best = in.positive_logit;
  out.masked = at::zeros({R}, out.best.options());
  at::Tensor total = at::ones_like(out.best);
  Chunk only;
  std::vector<at::Tensor> logits;
  for (int64_t start = 0; start < K; start += C) {
    const Chunk chunk = chunk_at(start);
    out.masked += at::sum(chunk.left_out, 1);
    const at::Tensor scaled = (chunk.cosines * in.scale).masked_fill_(chunk.left_out, lowest);
    const at::Tensor higher = at::maximum(out.best, scaled.amax(1, true));
    total = total * at::exp(out.best - higher) + at::sum(at::exp(scaled - higher), 1, true);
    out.best = higher;
    if (C == K) only = chunk;
    if (in.wants_logits) logits.push_back(scaled);
  }
  out.normaliser = out.best + at::log(total);
  if (in.wants_logits) out.logits = at::cat(logits, 1);

  out.d_users = at::zeros_like(in.users);
  out.temperature = at::zeros_like(out.best);
  out.d_negatives = at::empty_like(in.negatives);
  for (int64_t start = 0; start < K; start += C) {
    const Chunk chunk = C == K ? only : chunk_at(start);
    at::Tensor shares = chunk.cosines * in.scale - out.normaliser;
    shares.exp_().masked_fill_(chunk.left_out, 0).mul_(in.loss_scale);
    out.temperature += at::sum(shares * chunk.cosines, 1, true);
    const int64_t count = shares.size(1);
    out.d_users.addmm_(shares, in.negatives.narrow(0, start, count));
    out.d_negatives.narrow(0, start, count).copy_(at::mm(shares.t(), in.users));
  }
  return out;
}

}  // namespace lockstep
