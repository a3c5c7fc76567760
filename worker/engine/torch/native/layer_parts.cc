#include "layer_parts.h"

#include <algorithm>

namespace lockstep {

std::vector<at::Tensor> weight_gradients(const at::Tensor& dy, const at::Tensor& x,
                                         const std::vector<Weight>& weights,
                                         WeightProduct product) {
  const auto wanted = [](const Weight& weight) { return weight.wanted; };
  const bool whole = std::all_of(weights.begin(), weights.end(), wanted);
  const at::Tensor all = whole ? product(dy, x) : at::Tensor();
  std::vector<at::Tensor> gradients;
  int64_t first = 0;
  for (const Weight& weight : weights) {
    const int64_t outputs = weight.value.size(0);
    if (whole) gradients.push_back(all.narrow(0, first, outputs));
    else if (!weight.wanted) gradients.emplace_back();
    else gradients.push_back(product(dy.narrow(1, first, outputs), x));
    first += outputs;
  }
  return gradients;
}

}  // namespace lockstep
