// Only the shares of a chunk of blocks wait for the product that gives the negatives' gradient.
#include <algorithm>

#include "info_nce.h"
#include "row_loops.h"
#include "tile_products.h"

namespace lockstep {

namespace {

// One where a positive and a negative are the same row, as far as the rows count; else zero.
void sameness(const LossInputs& in, int64_t first, int64_t rows, const Rows& likeness) {
  const int64_t K = in.negatives.size(0);
  const bool counts = in.false_negatives == FalseNegatives::kRows;
  const int32_t* const positives = in.positive_rows.const_data_ptr<int32_t>() + first;
  const int32_t* const negatives = in.negative_rows.const_data_ptr<int32_t>();
  for (int64_t row = 0; row < rows; row++) {
    float* const out = likeness[row];
    const int32_t positive = positives[row];
    for (int64_t i = 0; i < K; i++) out[i] = counts && negatives[i] == positive ? 1.0f : 0.0f;
  }
}

}  // namespace

NegativesPart negatives_by_blocks(const LossInputs& in) {
  const int64_t R = in.users.size(0), K = in.negatives.size(0), H = in.users.size(1);
  const auto options = in.users.options();
  NegativesPart out{at::empty({R, 1}, options),
                    at::empty({R, 1}, options),
                    at::empty({R}, options),
                    at::empty({R, 1}, options),
                    at::empty({R, H}, options),
                    at::zeros({K, H}, options),
                    at::Tensor()};
  if (in.wants_logits) out.logits = at::empty({R, K}, options);
  const Panels to_cosines = Panels::forward(in.negatives),
               to_users = Panels::backward(in.negatives);
  const LossRowSettings settings{static_cast<float>(in.scale), static_cast<float>(in.threshold),
                                 static_cast<float>(in.loss_scale)};
  const Rows users(in.users), positives(in.positives), d_users(out.d_users);
  const float* const positive_logit = in.positive_logit.const_data_ptr<float>();
  float *const best = out.best.data_ptr<float>(), *const masked = out.masked.data_ptr<float>();
  float *const normaliser = out.normaliser.data_ptr<float>(), *const temperature =
                                                                  out.temperature.data_ptr<float>();

  const int64_t chunk = std::min(chunk_rows(in, kBlockRows), R);
  const at::Tensor shares_CK = at::empty({chunk, K}, options);
  for (int64_t start = 0; start < R; start += chunk) {
    const int64_t count = std::min(chunk, R - start);
    each_block(count, kBlockRows * K, [&](int64_t, int64_t first, int64_t rows, float* scratch) {
      const RowLoops<float>& loops = row_loops<float>();
      const Rows shares = Rows(shares_CK).from(first), likeness(scratch, K);
      to_cosines.multiply(users.from(start + first), rows, shares);
      if (in.false_negatives == FalseNegatives::kCosine) {
        to_cosines.multiply(positives.from(start + first), rows, likeness);
      } else {
        sameness(in, start + first, rows, likeness);
      }
      for (int64_t row = 0; row < rows; row++) {
        const int64_t r = start + first + row;
        float* const logits = in.wants_logits ? Rows(out.logits)[r] : nullptr;
        const LossRow loss =
            loops.loss(shares[row], likeness[row], positive_logit[r], settings, K, logits);
        best[r] = loss.best;
        normaliser[r] = loss.normaliser;
        masked[r] = loss.masked;
        temperature[r] = loss.temperature;
      }
      to_users.multiply(shares, rows, d_users.from(start + first));
    });
    add_transposed_product(shares_CK.narrow(0, 0, count), in.users.narrow(0, start, count),
                           out.d_negatives, /*add=*/true);
  }
  return out;
}

}  // namespace lockstep
