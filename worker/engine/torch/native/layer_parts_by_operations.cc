#include <algorithm>

#include "layer_parts.h"
#include "products.h"
#include "row_ops.h"

namespace lockstep {

namespace {

at::Tensor joined(const std::vector<at::Tensor>& weights, at::ScalarType type) {
  return (weights.size() == 1 ? weights[0] : at::cat(weights)).to(type);
}

at::Tensor matrices(const Projection& p) {
  std::vector<at::Tensor> all;
  for (const HeadWeights& part : p.parts) all.push_back(part.matrix.value);
  return joined(all, p.type);
}

// All parts have a bias or none.
at::Tensor biases(const Projection& p) {
  if (!p.parts[0].bias.here()) return {};
  std::vector<at::Tensor> all;
  for (const HeadWeights& part : p.parts) all.push_back(part.bias.value);
  return joined(all, p.type);
}

// Calls f(index, part, its columns of `heads`).
template <typename F>
void each_part(const Projection& p, const at::Tensor& heads, const F& f) {
  int64_t first = 0;
  for (size_t i = 0; i < p.parts.size(); i++) {
    const int64_t width = p.parts[i].matrix.value.size(0);
    f(i, p.parts[i], heads.narrow(1, first, width));
    first += width;
  }
}

// Rotated parts stand in front of the others.
int64_t rotated_heads(const Projection& p) {
  int64_t width = 0;
  for (const HeadWeights& part : p.parts) width += part.rotated ? part.matrix.value.size(0) : 0;
  return width / p.head_size();
}

// Norms each head of the parts that have a norm, in place.
std::vector<HeadNorm> norm_heads(const Projection& p, const at::Tensor& heads) {
  const RowOps& rows = row_ops(heads.device());
  std::vector<HeadNorm> norms(p.parts.size());
  each_part(p, heads, [&](size_t i, const HeadWeights& part, at::Tensor columns) {
    if (!part.norm.here()) return;
    // A copy also where the part is the whole, which is overwritten.
    const at::Tensor raw =
        columns.clone(at::MemoryFormat::Contiguous).view({-1, p.head_size()});
    const Normed normed = rows.norm(raw.to(at::kFloat), part.norm.value, p.eps, p.type);
    columns.copy_(normed.n.view_as(columns));
    norms[i] = {raw, normed.scales};
  });
  return norms;
}

// Replaces the gradients of normed heads by those of the heads. -> those of the norms
std::vector<at::Tensor> norm_heads_backward(const Projection& p, const Projected& kept,
                                            const at::Tensor& d_heads) {
  const RowOps& rows = row_ops(d_heads.device());
  std::vector<at::Tensor> d_norms(p.parts.size());
  each_part(p, d_heads, [&](size_t i, const HeadWeights& part, at::Tensor columns) {
    if (!part.norm.here()) return;
    const HeadNorm& norm = kept.head_norms[i];
    const at::Tensor d = columns.contiguous().view({-1, p.head_size()});
    const NormGradients before =
        rows.norm_backward(norm.raw.to(at::kFloat), part.norm.value, norm.scales, d, {});
    columns.copy_(before.dx.view_as(columns));
    d_norms[i] = before.dweight;
  });
  return d_norms;
}

Projected project(const Projection& p, const at::Tensor& x) {
  const RowOps& rows = row_ops(x.device());
  const Normed normed = rows.norm(x, p.norm.value, p.eps, p.type);
  at::Tensor heads = forward_product(normed.n, matrices(p), biases(p));
  std::vector<HeadNorm> head_norms = norm_heads(p, heads);
  rows.rotate(heads, p.cos, p.sin, rotated_heads(p), 1);
  return {heads, normed.scales, std::move(head_norms)};
}

std::vector<HeadGradients> part_gradients(const Projection& p, const at::Tensor& x,
                                          const Projected& kept, const at::Tensor& d_heads,
                                          const std::vector<at::Tensor>& d_norms) {
  std::vector<Weight> weights;
  for (const HeadWeights& part : p.parts) weights.push_back(part.matrix);
  const bool any = std::any_of(weights.begin(), weights.end(),
                               [](const Weight& weight) { return weight.wanted; });
  const at::Tensor normed =
      any ? row_ops(x.device()).norm_again(x, p.norm.value, kept.scales, p.type) : at::Tensor();
  const auto matrices = weight_gradients(d_heads, normed, weights, weight_gradient);
  std::vector<HeadGradients> parts;
  each_part(p, d_heads, [&](size_t i, const HeadWeights& part, const at::Tensor& columns) {
    const at::Tensor bias = part.bias.wanted ? bias_gradient(columns) : at::Tensor();
    parts.push_back({matrices[i], bias, d_norms[i]});
  });
  return parts;
}

ProjectionGradients project_backward(const Projection& p, const at::Tensor& x,
                                     const Projected& kept, at::Tensor d_heads,
                                     const at::Tensor& residual) {
  const RowOps& rows = row_ops(x.device());
  rows.rotate(d_heads, p.cos, p.sin, rotated_heads(p), -1);
  const std::vector<at::Tensor> d_norms = norm_heads_backward(p, kept, d_heads);
  NormGradients norm;
  if (p.wants_dx || p.norm.wanted) {
    const at::Tensor d_normed = input_gradient(d_heads, matrices(p));
    norm = rows.norm_backward(x, p.norm.value, kept.scales, d_normed, residual);
  }
  return {norm.dx, norm.dweight, part_gradients(p, x, kept, d_heads, d_norms)};
}

at::Tensor feed_forward(const FeedForward& f, const at::Tensor& x, const at::Tensor& attended,
                        FeedForwardKept* kept) {
  const RowOps& rows = row_ops(x.device());
  at::Tensor middle;
  const at::Tensor o_bias = f.o_bias.here() ? f.o_bias.value.to(f.type) : at::Tensor();
  const at::Tensor branch = forward_product(attended, f.o.value.to(f.type), o_bias);
  const Normed inner = rows.add_norm(x, branch, f.norm.value, f.eps, middle);
  const at::Tensor gate_up =
      forward_product(inner.n, joined({f.gate.value, f.up.value}, f.type));
  at::Tensor y = at::add(middle, forward_product(rows.swiglu(gate_up), f.down.value.to(f.type)));
  if (kept != nullptr) *kept = {std::move(middle), inner.scales, gate_up};
  return y;
}

Attended attend(const Heads& heads, const AttentionShape& shape, bool keep) {
  const bool plain = std::all_of(shape.groups.begin(), shape.groups.end(),
                                 [](const Group& group) { return group.leaves == 0; });
  return plain && goes_by_flash(heads.q, shape.head_size) ? attention_by_flash(heads, shape, keep)
                                                 : attention_by_operations(heads, shape, keep);
}

FeedForwardGradients feed_forward_backward(const FeedForward& f, FeedForwardKept kept,
                                           const at::Tensor& attended, const at::Tensor& dy) {
  const RowOps& rows = row_ops(dy.device());
  FeedForwardGradients d;
  const at::Tensor dy_low = dy.to(f.type);
  const at::Tensor d_activated = input_gradient(dy_low, f.down.value.to(f.type));
  const at::Tensor activated = rows.swiglu_backward(kept.gate_up, d_activated);
  if (f.down.wanted) d.d_down = weight_gradient(dy_low, activated);
  const at::Tensor& d_gate_up = kept.gate_up;
  if (f.gate.wanted || f.up.wanted) {
    const at::Tensor inner = rows.norm_again(kept.middle, f.norm.value, kept.scales, f.type);
    const auto gradients = weight_gradients(d_gate_up, inner, {f.gate, f.up}, weight_gradient);
    d.d_gate = gradients[0];
    d.d_up = gradients[1];
  }
  const at::Tensor d_inner =
      input_gradient(d_gate_up, joined({f.gate.value, f.up.value}, f.type));
  const NormGradients norm =
      rows.norm_backward(kept.middle, f.norm.value, kept.scales, d_inner, dy);
  d.dx = norm.dx;
  d.d_norm = norm.dweight;
  const at::Tensor d_middle = norm.dx.to(f.type);
  if (f.o.wanted) d.d_o = weight_gradient(d_middle, attended);
  if (f.o_bias.wanted) d.d_o_bias = bias_gradient(d_middle);
  d.d_attended = input_gradient(d_middle, f.o.value.to(f.type));
  return d;
}

}  // namespace

const LayerParts kPartsByOperations{project, project_backward, attend, feed_forward,
                                    feed_forward_backward};

}  // namespace lockstep
