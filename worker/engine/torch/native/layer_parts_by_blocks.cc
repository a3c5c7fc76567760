#include "layer_parts.h"
#include "row_loops.h"
#include "tile_products.h"

namespace lockstep {

namespace {

at::Tensor like(const at::Tensor& x, at::IntArrayRef shape) {
  return at::empty(shape, x.options());
}

at::Tensor joined(const std::vector<at::Tensor>& weights) {
  return weights.size() == 1 ? weights[0] : at::cat(weights);
}

// The shares of blocks in a norm's gradient, added in the order of the blocks. [blocks, H] -> [H]
at::Tensor sum_of_blocks(const at::Tensor& shares) {
  at::Tensor sum = at::zeros({shares.size(1)}, shares.options());
  float* const to = sum.data_ptr<float>();
  const Rows rows(shares);
  const int64_t H = shares.size(1);
  for (int64_t block = 0; block < shares.size(0); block++) {
    for (int64_t i = 0; i < H; i++) to[i] += rows[block][i];
  }
  return sum;
}

// Turns the heads of some rows, forwards or back.
void rotate(const Projection& p, const Rows& heads, int64_t first, int64_t rows, float direction) {
  const RowLoops<float>& loops = row_loops<float>();
  const Rows cos(p.cos), sin(p.sin);
  const int64_t D = 2 * p.cos.size(1);
  for (int64_t t = first; t < first + rows; t++) {
    for (int64_t head = 0; head < p.turned; head++) {
      loops.rotate(heads[t] + head * D, cos[t], sin[t], direction, D);
    }
  }
}

Projected project(const Projection& p, const at::Tensor& x) {
  const int64_t T = x.size(0), H = x.size(1);
  const Panels panels = Panels::forward(joined(p.weights));
  const Projected out{like(x, {T, panels.outputs()}), like(x, {T})};
  const Rows x_TH(x), heads(out.heads), scales(out.scales);
  const float* const weight = p.norm.const_data_ptr<float>();
  each_block(T, kBlockRows * H, [&](int64_t, int64_t first, int64_t rows, float* scratch) {
    const RowLoops<float>& loops = row_loops<float>();
    const Rows normed(scratch, H);
    for (int64_t i = 0; i < rows; i++) {
      *scales[first + i] =
          loops.norm(x_TH[first + i], weight, static_cast<float>(p.eps), normed[i], H);
    }
    panels.multiply(normed, rows, heads.from(first));
    rotate(p, heads, first, rows, 1);
  });
  return out;
}

ProjectionGradients project_backward(const Projection& p, const at::Tensor& x,
                                     const at::Tensor& scales, at::Tensor d_heads,
                                     const at::Tensor& residual) {
  const int64_t T = x.size(0), H = x.size(1);
  const Panels panels = Panels::backward(joined(p.weights));
  const at::Tensor normed = like(x, {T, H}), dx = like(x, {T, H});
  const at::Tensor shares = at::zeros({block_count(T), H}, x.options());
  const Rows x_TH(x), scale(scales), heads(d_heads), normed_TH(normed), dx_TH(dx), share(shares);
  const float* const weight = p.norm.const_data_ptr<float>();
  each_block(T, kBlockRows * H, [&](int64_t block, int64_t first, int64_t rows, float* scratch) {
    const RowLoops<float>& loops = row_loops<float>();
    const Rows d_normed(scratch, H);
    rotate(p, heads, first, rows, -1);
    panels.multiply(heads.from(first), rows, d_normed);
    const float* const rest = residual.defined() ? Rows(residual)[first] : nullptr;
    for (int64_t i = 0; i < rows; i++) {
      const int64_t t = first + i;
      loops.norm_backward(x_TH[t], weight, *scale[t], d_normed[i],
                          rest == nullptr ? nullptr : rest + i * H, dx_TH[t], share[block], H);
      loops.norm_again(x_TH[t], weight, *scale[t], normed_TH[t], H);
    }
  });
  return {dx, sum_of_blocks(shares), weight_gradient_by_tiles(d_heads, normed)};
}

at::Tensor feed_forward(const FeedForward& f, const at::Tensor& x, const at::Tensor& attended,
                        FeedForwardKept* kept) {
  const int64_t T = x.size(0), H = x.size(1), I = f.gate.size(0);
  const Panels o = Panels::forward(f.o), gate_up = Panels::forward(joined({f.gate, f.up})),
               down = Panels::forward(f.down);
  const at::Tensor y = like(x, {T, H});
  if (kept != nullptr) *kept = {like(x, {T, H}), like(x, {T}), like(x, {T, 2 * I})};
  const Rows x_TH(x), attended_T(attended), y_TH(y);
  const float* const weight = f.norm.const_data_ptr<float>();
  const int64_t of_a_row = 3 * H + 3 * I;
  each_block(T, kBlockRows * of_a_row, [&](int64_t, int64_t first, int64_t rows, float* scratch) {
    const RowLoops<float>& loops = row_loops<float>();
    const Rows branch(scratch, H), inner(branch[kBlockRows], H), activated(inner[kBlockRows], I);
    const Rows own_middle(activated[kBlockRows], H), own_wide(own_middle[kBlockRows], 2 * I);
    const Rows middle(kept == nullptr ? own_middle[0] : Rows(kept->middle)[first], H);
    const Rows wide(kept == nullptr ? own_wide[0] : Rows(kept->gate_up)[first], 2 * I);
    float own_scales[kBlockRows];
    float* const scales = kept == nullptr ? own_scales : Rows(kept->scales)[first];
    o.multiply(attended_T.from(first), rows, branch);
    for (int64_t i = 0; i < rows; i++) {
      scales[i] = loops.add_norm(x_TH[first + i], branch[i], weight, static_cast<float>(f.eps),
                                 middle[i], inner[i], H);
    }
    gate_up.multiply(inner, rows, wide);
    for (int64_t i = 0; i < rows; i++) loops.swiglu(wide[i], activated[i], I);
    down.multiply(activated, rows, branch);
    for (int64_t i = 0; i < rows; i++) loops.add(middle[i], branch[i], y_TH[first + i], H);
  });
  return y;
}

FeedForwardGradients feed_forward_backward(const FeedForward& f, FeedForwardKept kept,
                                           const at::Tensor& attended, const at::Tensor& dy) {
  const int64_t T = dy.size(0), H = dy.size(1), I = f.gate.size(0);
  const Panels down = Panels::backward(f.down), gate_up = Panels::backward(joined({f.gate, f.up})),
               o = Panels::backward(f.o);
  const at::Tensor activated = like(dy, {T, I}), inner = like(dy, {T, H}), dx = like(dy, {T, H});
  const at::Tensor d_attended = like(dy, {T, o.outputs()});
  const at::Tensor shares = at::zeros({block_count(T), H}, dy.options());
  const Rows dy_TH(dy), wide(kept.gate_up), middle(kept.middle), scale(kept.scales);
  const Rows activated_TI(activated), inner_TH(inner), dx_TH(dx), share(shares);
  const float* const weight = f.norm.const_data_ptr<float>();
  each_block(T, kBlockRows * (H + I),
             [&](int64_t block, int64_t first, int64_t rows, float* scratch) {
               const RowLoops<float>& loops = row_loops<float>();
               const Rows d_inner(scratch, H), d_activated(d_inner[kBlockRows], I);
               down.multiply(dy_TH.from(first), rows, d_activated);
               for (int64_t i = 0; i < rows; i++) {
                 loops.swiglu_backward(wide[first + i], d_activated[i], activated_TI[first + i], I);
               }
               gate_up.multiply(wide.from(first), rows, d_inner);
               for (int64_t i = 0; i < rows; i++) {
                 const int64_t t = first + i;
                 loops.norm_backward(middle[t], weight, *scale[t], d_inner[i], dy_TH[t], dx_TH[t],
                                     share[block], H);
                 loops.norm_again(middle[t], weight, *scale[t], inner_TH[t], H);
               }
               o.multiply(dx_TH.from(first), rows, Rows(d_attended).from(first));
             });
  return {dx,
          d_attended,
          weight_gradient_by_tiles(dx, attended),
          sum_of_blocks(shares),
          weight_gradient_by_tiles(kept.gate_up, inner),
          weight_gradient_by_tiles(dy, activated)};
}

}  // namespace

const LayerParts kPartsByBlocks{project, project_backward, attention_by_blocks, feed_forward,
                                feed_forward_backward};

}  // namespace lockstep
