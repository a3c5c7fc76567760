#include <algorithm>

#include "info_nce.h"
#include "row_ops.h"

namespace lockstep {

namespace {

// [count, K]
at::Tensor likeness_of(const LossInputs& in, int64_t start, int64_t count) {
  switch (in.false_negatives) {
    case FalseNegatives::kCosine:
      return at::mm(in.positives.narrow(0, start, count), in.negatives.t());
    case FalseNegatives::kRows: {
      const at::Tensor rows = in.positive_rows.narrow(0, start, count).unsqueeze(1);
      return rows.eq(in.negative_rows).to(in.users.scalar_type());
    }
    case FalseNegatives::kNone:
      break;
  }
  return at::zeros({count, in.negatives.size(0)}, in.users.options());
}

}  // namespace

NegativesPart negatives_by_operations(const LossInputs& in) {
  const int64_t R = in.users.size(0), K = in.negatives.size(0), H = in.users.size(1);
  const auto numbers = [&](at::IntArrayRef shape) { return at::empty(shape, in.users.options()); };
  NegativesPart out{numbers({R, 1}), numbers({R, 1}), numbers({R}),
                    numbers({R, 1}), numbers({R, H}), at::zeros_like(in.negatives),
                    at::Tensor()};
  if (in.wants_logits) out.logits = numbers({R, K});
  const RowOps& rows = row_ops(in.users.device());
  const LossSettings settings{in.scale, in.threshold, in.loss_scale};
  const at::Tensor negatives = in.negatives.t();
  const int64_t chunk = chunk_rows(in, 1);
  for (int64_t start = 0; start < R; start += chunk) {
    const int64_t count = std::min(chunk, R - start);
    const auto part = [&](const at::Tensor& of_all) { return of_all.narrow(0, start, count); };
    const at::Tensor users = part(in.users);
    at::Tensor cosines = at::mm(users, negatives);
    at::Tensor likeness = likeness_of(in, start, count);
    const LossRows loss = rows.loss(cosines, likeness, part(in.positive_logit), settings,
                                    in.wants_logits ? part(out.logits) : at::Tensor());
    part(out.best).copy_(loss.best);
    part(out.normaliser).copy_(loss.normaliser);
    part(out.masked).copy_(loss.masked);
    part(out.temperature).copy_(loss.temperature);
    part(out.d_users).copy_(at::mm(cosines, in.negatives));
    out.d_negatives.addmm_(cosines.t(), users);
  }
  return out;
}

}  // namespace lockstep
