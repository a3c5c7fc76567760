// The generative loss and its gradients. worker/model/info-nce.ts composes the same from operations
// and is the definition.
//
// Legend: R predictions, K negatives, H hidden size.
#include "info_nce.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "call.h"
#include "row_ops.h"

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

}  // namespace

int64_t chunk_rows(const LossInputs& in, int64_t unit) {
  const int64_t fitting = in.chunk_elements / std::max<int64_t>(in.negatives.size(0), 1);
  return std::max<int64_t>(1, fitting / unit) * unit;
}

namespace {

const Signature kLoss{{{"users", kFloats, "R H"},
                       {"positives", kFloats, "R H"},
                       {"negatives", kFloats, "K H"},
                       {"positiveRows", kInts, "R"},
                       {"negativeRows", kInts, "K"}}};

FalseNegatives false_negatives_named(const std::string& name) {
  if (name == "cosine") return FalseNegatives::kCosine;
  if (name == "rows") return FalseNegatives::kRows;
  if (name == "none") return FalseNegatives::kNone;
  throw std::invalid_argument("falseNegatives must be cosine, rows or none: it is \"" + name + "\"");
}

Outputs info_nce(const Call& call) {
  const UnitRows users = unit_rows(call.input(0));
  const UnitRows positives = unit_rows(call.input(1));
  const UnitRows negatives = unit_rows(call.input(2));
  const double scale = call.number("scale"), loss_scale = call.number("lossScale");
  const at::Tensor positive = at::sum(users.unit * positives.unit, 1, true);
  const at::Tensor positive_logit = positive * scale;
  const LossInputs in{users.unit,
                      positives.unit,
                      negatives.unit,
                      positive_logit,
                      scale,
                      false_negatives_named(call.text("falseNegatives")),
                      call.number("threshold"),
                      call.input(3),
                      call.input(4),
                      loss_scale,
                      call.boolean("logits"),
                      call.integer("chunkElements")};
  const bool by_blocks = goes_by_blocks(users.unit);
  const NegativesPart part = by_blocks ? negatives_by_blocks(in) : negatives_by_operations(in);

  const at::Tensor g_positive = (at::exp(positive_logit - part.normaliser) - 1) * loss_scale;
  const at::Tensor d_users = part.d_users + g_positive * positives.unit;
  const at::Tensor temperature = part.temperature + g_positive * positive;
  std::vector<at::Tensor> outputs{
      (part.normaliser - positive_logit).squeeze(1),
      positive_logit.squeeze(1),
      part.best.squeeze(1),
      part.masked,
      of_rows(users, d_users * scale),
      of_rows(positives, g_positive * users.unit * scale),
      of_rows(negatives, part.d_negatives * scale),
      (temperature * scale).squeeze(1),
  };
  if (in.wants_logits) outputs.push_back(at::cat({positive_logit, part.logits}, 1));
  return outputs;
}

}  // namespace

void add_info_nce_kernels(Kernels& k) { k["LockstepInfoNce"] = {kLoss, info_nce}; }

}  // namespace lockstep
