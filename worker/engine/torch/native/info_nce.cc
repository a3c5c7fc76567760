// The generative loss and its gradients over chunks of negatives, so that no matrix of all logits
// ever exists. worker/model/info-nce.ts composes the same from operations and is the definition.
//
// The first pass keeps a running maximum and sum for each prediction, as an online softmax does; the
// second makes each chunk's logits again and multiplies. Where one chunk holds everything, it is kept.
//
// Legend: R predictions, K negatives, C negatives of a chunk, H hidden size.
#include <algorithm>
#include <limits>
#include <stdexcept>

#include "call.h"

namespace lockstep {

namespace {

struct UnitRows {
  at::Tensor unit;
  at::Tensor norm;  // [., 1]
};

UnitRows unit_rows(const at::Tensor& x) {
  at::Tensor norm = at::sqrt(at::sum(x * x, 1, true));
  return {x / norm, norm};
}

// The gradient of x, given that of x / |x|.
at::Tensor of_rows(const UnitRows& rows, const at::Tensor& d_unit) {
  return (d_unit - at::sum(d_unit * rows.unit, 1, true) * rows.unit) / rows.norm;
}

// Cosines of a chunk, and which of them are left out. [R, C]
struct Chunk {
  at::Tensor cosines;
  at::Tensor left_out;
};

Outputs info_nce(const Call& call) {
  if (call.input(0).sizes() != call.input(1).sizes() ||
      call.input(2).size(1) != call.input(0).size(1)) {
    throw std::invalid_argument("users and positives must be [R, H], negatives [K, H]");
  }
  const UnitRows users = unit_rows(call.input(0));
  const UnitRows positives = unit_rows(call.input(1));
  const UnitRows negatives = unit_rows(call.input(2));
  const double scale = call.number("scale"), threshold = call.number("falseNegativeThreshold");
  const double loss_scale = call.number("lossScale");
  const bool wants_logits = call.boolean("logits");
  const int64_t R = users.unit.size(0), K = negatives.unit.size(0);
  const int64_t fitting = std::max<int64_t>(1, call.integer("chunkElements") / std::max<int64_t>(R, 1));
  const int64_t C = wants_logits ? K : std::min(K, fitting);
  const double lowest = -std::numeric_limits<double>::infinity();

  const auto chunk_at = [&](int64_t start) -> Chunk {
    const at::Tensor unit = negatives.unit.narrow(0, start, std::min(C, K - start)).t();
    return {at::mm(users.unit, unit), at::mm(positives.unit, unit).gt(threshold)};
  };

  const at::Tensor positive = at::sum(users.unit * positives.unit, 1, true);
  const at::Tensor positive_logit = positive * scale;
  at::Tensor best = positive_logit, total = at::ones_like(best);
  at::Tensor masked = at::zeros({R}, best.options());
  Chunk only;
  std::vector<at::Tensor> logits{positive_logit};
  for (int64_t start = 0; start < K; start += C) {
    const Chunk chunk = chunk_at(start);
    masked += at::sum(chunk.left_out, 1);
    const at::Tensor scaled = (chunk.cosines * scale).masked_fill_(chunk.left_out, lowest);
    const at::Tensor higher = at::maximum(best, scaled.amax(1, true));
    total = total * at::exp(best - higher) + at::sum(at::exp(scaled - higher), 1, true);
    best = higher;
    if (C == K) only = chunk;
    if (wants_logits) logits.push_back(scaled);
  }
  const at::Tensor normaliser = best + at::log(total);

  const at::Tensor g_positive = (at::exp(positive_logit - normaliser) - 1) * loss_scale;
  at::Tensor d_users = g_positive * positives.unit;
  at::Tensor temperature = g_positive * positive;
  at::Tensor d_negatives = at::empty_like(negatives.unit);
  for (int64_t start = 0; start < K; start += C) {
    const Chunk chunk = C == K ? only : chunk_at(start);
    at::Tensor shares = chunk.cosines * scale - normaliser;
    shares.exp_().masked_fill_(chunk.left_out, 0).mul_(loss_scale);
    temperature += at::sum(shares * chunk.cosines, 1, true);
    const int64_t count = shares.size(1);
    d_users.addmm_(shares, negatives.unit.narrow(0, start, count));
    d_negatives.narrow(0, start, count).copy_(at::mm(shares.t(), users.unit));
  }

  std::vector<at::Tensor> outputs{
      (normaliser - positive_logit).squeeze(1),
      positive_logit.squeeze(1),
      best.squeeze(1),
      masked,
      of_rows(users, d_users * scale),
      of_rows(positives, g_positive * users.unit * scale),
      of_rows(negatives, d_negatives * scale),
      (temperature * scale).squeeze(1),
  };
  if (wants_logits) outputs.push_back(at::cat(logits, 1));
  return outputs;
}

}  // namespace

void add_info_nce_kernels(Kernels& k) { k["LockstepInfoNce"] = info_nce; }

}  // namespace lockstep
