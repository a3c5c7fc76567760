#include <algorithm>

#include "info_nce.h"
#include "row_ops.h"

namespace lockstep {

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
    at::Tensor likeness = at::mm(part(in.positives), negatives);
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
