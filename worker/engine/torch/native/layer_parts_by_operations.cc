#include "layer_parts.h"
#include "products.h"
#include "row_ops.h"

namespace lockstep {

namespace {

at::Tensor joined(const std::vector<at::Tensor>& weights, at::ScalarType type) {
  return (weights.size() == 1 ? weights[0] : at::cat(weights)).to(type);
}

Projected project(const Projection& p, const at::Tensor& x) {
  const RowOps& rows = row_ops(x.device());
  const Normed normed = rows.norm(x, p.norm, p.eps, p.type);
  at::Tensor heads = forward_product(normed.n, joined(p.weights, p.type));
  rows.rotate(heads, p.cos, p.sin, p.turned, 1);
  return {heads, normed.scales};
}

ProjectionGradients project_backward(const Projection& p, const at::Tensor& x,
                                     const at::Tensor& scales, at::Tensor d_heads,
                                     const at::Tensor& residual) {
  const RowOps& rows = row_ops(x.device());
  rows.rotate(d_heads, p.cos, p.sin, p.turned, -1);
  const at::Tensor d_normed = input_gradient(d_heads, joined(p.weights, p.type));
  const NormGradients norm = rows.norm_backward(x, p.norm, scales, d_normed, residual);
  const at::Tensor normed = rows.norm_again(x, p.norm, scales, p.type);
  return {norm.dx, norm.dweight, weight_gradient(d_heads, normed)};
}

at::Tensor feed_forward(const FeedForward& f, const at::Tensor& x, const at::Tensor& attended,
                        FeedForwardKept* kept) {
  const RowOps& rows = row_ops(x.device());
  at::Tensor middle;
  const at::Tensor branch = forward_product(attended, f.o.to(f.type));
  const Normed inner = rows.add_norm(x, branch, f.norm, f.eps, middle);
  const at::Tensor gate_up = forward_product(inner.n, joined({f.gate, f.up}, f.type));
  at::Tensor y = at::add(middle, forward_product(rows.swiglu(gate_up), f.down.to(f.type)));
  if (kept != nullptr) *kept = {std::move(middle), inner.scales, gate_up};
  return y;
}

Attended attend(const Heads& heads, const AttentionShape& shape, bool keep) {
  return goes_by_flash(heads.q, shape.head_size) ? attention_by_flash(heads, shape, keep)
                                                 : attention_by_operations(heads, shape, keep);
}

FeedForwardGradients feed_forward_backward(const FeedForward& f, FeedForwardKept kept,
                                           const at::Tensor& attended, const at::Tensor& dy) {
  const RowOps& rows = row_ops(dy.device());
  FeedForwardGradients d;
  const at::Tensor dy_low = dy.to(f.type);
  const at::Tensor d_activated = input_gradient(dy_low, f.down.to(f.type));
  const at::Tensor activated = rows.swiglu_backward(kept.gate_up, d_activated);
  d.d_down = weight_gradient(dy_low, activated);
  const at::Tensor& d_gate_up = kept.gate_up;
  const at::Tensor inner = rows.norm_again(kept.middle, f.norm, kept.scales, f.type);
  d.d_gate_up = weight_gradient(d_gate_up, inner);
  const at::Tensor d_inner = input_gradient(d_gate_up, joined({f.gate, f.up}, f.type));
  const NormGradients norm = rows.norm_backward(kept.middle, f.norm, kept.scales, d_inner, dy);
  d.dx = norm.dx;
  d.d_norm = norm.dweight;
  const at::Tensor d_middle = norm.dx.to(f.type);
  d.d_o = weight_gradient(d_middle, attended);
  d.d_attended = input_gradient(d_middle, f.o.to(f.type));
  return d;
}

}  // namespace

const LayerParts kPartsByOperations{project, project_backward, attend, feed_forward,
                                    feed_forward_backward};

}  // namespace lockstep
