#include <algorithm>

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

// One part of a projection's heads, and where its columns are.
struct Part {
  const HeadWeights& weights;
  int64_t first;  // column
  int64_t heads;
};

std::vector<Part> parts_of(const Projection& p) {
  std::vector<Part> parts;
  int64_t first = 0;
  for (const HeadWeights& part : p.parts) {
    const int64_t width = part.matrix.value.size(0);
    parts.push_back({part, first, width / p.head_size()});
    first += width;
  }
  return parts;
}

at::Tensor matrices(const Projection& p) {
  std::vector<at::Tensor> all;
  for (const HeadWeights& part : p.parts) all.push_back(part.matrix.value);
  return joined(all);
}

// Turns the heads of some rows, forwards or back.
void rotate(const Projection& p, const Part& part, const Rows& heads, int64_t first, int64_t rows,
            float direction) {
  const RowLoops<float>& loops = row_loops<float>();
  const Rows cos(p.cos), sin(p.sin);
  const int64_t D = p.head_size();
  for (int64_t t = first; t < first + rows; t++) {
    for (int64_t head = 0; head < part.heads; head++) {
      loops.rotate(heads[t] + part.first + head * D, cos[t], sin[t], direction, D);
    }
  }
}

void add_bias(const Rows& x, int64_t first, int64_t rows, int64_t column, const at::Tensor& bias) {
  const float* const b = bias.const_data_ptr<float>();
  for (int64_t t = first; t < first + rows; t++) {
    float* const row = x[t] + column;
    for (int64_t i = 0; i < bias.size(0); i++) row[i] += b[i];
  }
}

// Adds the rows up. to: [size]
void add_rows(const Rows& x, int64_t first, int64_t rows, int64_t column, int64_t size, float* to) {
  for (int64_t t = first; t < first + rows; t++) {
    const float* const row = x[t] + column;
    for (int64_t i = 0; i < size; i++) to[i] += row[i];
  }
}

// Norms the heads of some rows in place, and keeps what they were.
void norm_heads(const Projection& p, const Part& part, const HeadNorm& norm, const Rows& heads,
                int64_t first, int64_t rows) {
  const RowLoops<float>& loops = row_loops<float>();
  const int64_t D = p.head_size();
  const Rows raw(norm.raw), scales(norm.scales);
  const float* const weight = part.weights.norm.value.const_data_ptr<float>();
  for (int64_t t = first; t < first + rows; t++) {
    for (int64_t head = 0; head < part.heads; head++) {
      float* const x = heads[t] + part.first + head * D;
      const int64_t at = t * part.heads + head;
      std::copy(x, x + D, raw[at]);
      *scales[at] = loops.norm(raw[at], weight, static_cast<float>(p.eps), x, D);
    }
  }
}

// Replaces the gradients of normed heads by those of the heads; `share` gains the norm's.
void norm_heads_backward(const Projection& p, const Part& part, const HeadNorm& norm,
                         const Rows& d_heads, int64_t first, int64_t rows, float* share,
                         float* scratch) {
  const RowLoops<float>& loops = row_loops<float>();
  const int64_t D = p.head_size();
  const Rows raw(norm.raw), scales(norm.scales);
  const float* const weight = part.weights.norm.value.const_data_ptr<float>();
  for (int64_t t = first; t < first + rows; t++) {
    for (int64_t head = 0; head < part.heads; head++) {
      float* const d = d_heads[t] + part.first + head * D;
      const int64_t at = t * part.heads + head;
      loops.norm_backward(raw[at], weight, *scales[at], d, nullptr, scratch, share, D);
      std::copy(scratch, scratch + D, d);
    }
  }
}

// What comes between the product and attention.
void finish_heads(const Projection& p, const std::vector<Part>& parts,
                  const std::vector<HeadNorm>& norms, const Rows& heads, int64_t first,
                  int64_t rows) {
  for (size_t i = 0; i < parts.size(); i++) {
    const HeadWeights& weights = parts[i].weights;
    if (weights.bias.here()) add_bias(heads, first, rows, parts[i].first, weights.bias.value);
    if (weights.norm.here()) norm_heads(p, parts[i], norms[i], heads, first, rows);
    if (weights.rotated) rotate(p, parts[i], heads, first, rows, 1);
  }
}

Projected project(const Projection& p, const at::Tensor& x) {
  const int64_t T = x.size(0), H = x.size(1), D = p.head_size();
  const Panels panels = Panels::forward(matrices(p));
  const std::vector<Part> parts = parts_of(p);
  Projected out{like(x, {T, panels.outputs()}), like(x, {T}), {}};
  for (const Part& part : parts) {
    const bool normed = part.weights.norm.here();
    out.head_norms.push_back(
        normed ? HeadNorm{like(x, {T * part.heads, D}), like(x, {T * part.heads})} : HeadNorm{});
  }
  const Rows x_TH(x), heads(out.heads), scales(out.scales);
  const float* const weight = p.norm.value.const_data_ptr<float>();
  each_block(T, kBlockRows * H, [&](int64_t, int64_t first, int64_t rows, float* scratch) {
    const RowLoops<float>& loops = row_loops<float>();
    const Rows normed(scratch, H);
    for (int64_t i = 0; i < rows; i++) {
      *scales[first + i] =
          loops.norm(x_TH[first + i], weight, static_cast<float>(p.eps), normed[i], H);
    }
    panels.multiply(normed, rows, heads.from(first));
    finish_heads(p, parts, out.head_norms, heads, first, rows);
  });
  return out;
}

// What the blocks of rows add to the gradients of a part's bias and norm. [blocks, .]
struct PartShares {
  at::Tensor bias, norm;
};

std::vector<PartShares> shares_of(const Projection& p, const at::Tensor& x) {
  const int64_t blocks = block_count(x.size(0));
  std::vector<PartShares> shares;
  for (const HeadWeights& part : p.parts) {
    const auto zeros = [&](bool here, int64_t width) {
      return here ? at::zeros({blocks, width}, x.options()) : at::Tensor();
    };
    shares.push_back({zeros(part.bias.wanted, part.matrix.value.size(0)),
                      zeros(part.norm.here(), p.head_size())});
  }
  return shares;
}

// The way back from attention to the product; `scratch` holds a head.
void heads_backward(const Projection& p, const std::vector<Part>& parts,
                    const std::vector<HeadNorm>& norms, const std::vector<PartShares>& shares,
                    const Rows& d_heads, int64_t block, int64_t first, int64_t rows,
                    float* scratch) {
  for (size_t i = 0; i < parts.size(); i++) {
    const HeadWeights& weights = parts[i].weights;
    if (weights.rotated) rotate(p, parts[i], d_heads, first, rows, -1);
    if (weights.norm.here()) {
      norm_heads_backward(p, parts[i], norms[i], d_heads, first, rows,
                          Rows(shares[i].norm)[block], scratch);
    }
    if (!weights.bias.wanted) continue;
    const at::Tensor& bias = shares[i].bias;
    add_rows(d_heads, first, rows, parts[i].first, bias.size(1), Rows(bias)[block]);
  }
}

std::vector<HeadGradients> part_gradients(const Projection& p, const at::Tensor& normed,
                                          const at::Tensor& d_heads,
                                          const std::vector<PartShares>& shares) {
  std::vector<Weight> weights;
  for (const HeadWeights& part : p.parts) weights.push_back(part.matrix);
  const auto matrices = weight_gradients(d_heads, normed, weights, weight_gradient_by_tiles);
  const auto sum = [](const at::Tensor& of) { return of.defined() ? sum_of_blocks(of) : of; };
  std::vector<HeadGradients> gradients;
  for (size_t i = 0; i < p.parts.size(); i++) {
    gradients.push_back({matrices[i], sum(shares[i].bias), sum(shares[i].norm)});
  }
  return gradients;
}

bool wants_matrices(const Projection& p) {
  return std::any_of(p.parts.begin(), p.parts.end(),
                     [](const HeadWeights& part) { return part.matrix.wanted; });
}

ProjectionGradients project_backward(const Projection& p, const at::Tensor& x,
                                     const Projected& kept, at::Tensor d_heads,
                                     const at::Tensor& residual) {
  const int64_t T = x.size(0), H = x.size(1);
  const bool through = p.wants_dx || p.norm.wanted, again = wants_matrices(p);
  const Panels panels = Panels::backward(matrices(p));
  const std::vector<Part> parts = parts_of(p);
  const std::vector<PartShares> part_shares = shares_of(p, x);
  const at::Tensor normed = like(x, {again ? T : 0, H}), dx = like(x, {through ? T : 0, H});
  const at::Tensor shares = at::zeros({block_count(T), H}, x.options());
  const Rows x_TH(x), scale(kept.scales), heads(d_heads), normed_TH(normed), dx_TH(dx),
      share(shares);
  const float* const weight = p.norm.value.const_data_ptr<float>();
  const int64_t floats = kBlockRows * H + p.head_size();
  each_block(T, floats, [&](int64_t block, int64_t first, int64_t rows, float* scratch) {
    const RowLoops<float>& loops = row_loops<float>();
    const Rows d_normed(scratch, H);
    heads_backward(p, parts, kept.head_norms, part_shares, heads, block, first, rows,
                   d_normed[kBlockRows]);
    if (through) panels.multiply(heads.from(first), rows, d_normed);
    const float* const rest = residual.defined() ? Rows(residual)[first] : nullptr;
    for (int64_t i = 0; i < rows; i++) {
      const int64_t t = first + i;
      if (through) {
        loops.norm_backward(x_TH[t], weight, *scale[t], d_normed[i],
                            rest == nullptr ? nullptr : rest + i * H, dx_TH[t], share[block], H);
      }
      if (again) loops.norm_again(x_TH[t], weight, *scale[t], normed_TH[t], H);
    }
  });
  return {through ? dx : at::Tensor(), sum_of_blocks(shares),
          part_gradients(p, normed, d_heads, part_shares)};
}

at::Tensor feed_forward(const FeedForward& f, const at::Tensor& x, const at::Tensor& attended,
                        FeedForwardKept* kept) {
  const int64_t T = x.size(0), H = x.size(1), I = f.gate.value.size(0);
  const Panels o = Panels::forward(f.o.value),
               gate_up = Panels::forward(joined({f.gate.value, f.up.value})),
               down = Panels::forward(f.down.value);
  const at::Tensor y = like(x, {T, H});
  if (kept != nullptr) *kept = {like(x, {T, H}), like(x, {T}), like(x, {T, 2 * I})};
  const Rows x_TH(x), attended_T(attended), y_TH(y);
  const float* const weight = f.norm.value.const_data_ptr<float>();
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
    if (f.o_bias.here()) add_bias(branch, 0, rows, 0, f.o_bias.value);
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
  const int64_t T = dy.size(0), H = dy.size(1), I = f.gate.value.size(0);
  const Panels down = Panels::backward(f.down.value),
               gate_up = Panels::backward(joined({f.gate.value, f.up.value})),
               o = Panels::backward(f.o.value);
  const bool again = f.gate.wanted || f.up.wanted;
  const at::Tensor activated = like(dy, {f.down.wanted ? T : 0, I});
  const at::Tensor inner = like(dy, {again ? T : 0, H}), dx = like(dy, {T, H});
  const at::Tensor d_attended = like(dy, {T, o.outputs()});
  const at::Tensor shares = at::zeros({block_count(T), H}, dy.options());
  const at::Tensor bias_shares = at::zeros({f.o_bias.wanted ? block_count(T) : 0, H}, dy.options());
  const Rows dy_TH(dy), wide(kept.gate_up), middle(kept.middle), scale(kept.scales);
  const Rows activated_TI(activated), inner_TH(inner), dx_TH(dx), share(shares);
  const float* const weight = f.norm.value.const_data_ptr<float>();
  each_block(T, kBlockRows * (H + I) + I,
             [&](int64_t block, int64_t first, int64_t rows, float* scratch) {
               const RowLoops<float>& loops = row_loops<float>();
               const Rows d_inner(scratch, H), d_activated(d_inner[kBlockRows], I);
               float* const unwanted = d_activated[kBlockRows];
               down.multiply(dy_TH.from(first), rows, d_activated);
               for (int64_t i = 0; i < rows; i++) {
                 loops.swiglu_backward(wide[first + i], d_activated[i],
                                       f.down.wanted ? activated_TI[first + i] : unwanted, I);
               }
               gate_up.multiply(wide.from(first), rows, d_inner);
               for (int64_t i = 0; i < rows; i++) {
                 const int64_t t = first + i;
                 loops.norm_backward(middle[t], weight, *scale[t], d_inner[i], dy_TH[t], dx_TH[t],
                                     share[block], H);
                 if (again) loops.norm_again(middle[t], weight, *scale[t], inner_TH[t], H);
               }
               if (f.o_bias.wanted) add_rows(dx_TH, first, rows, 0, H, Rows(bias_shares)[block]);
               o.multiply(dx_TH.from(first), rows, Rows(d_attended).from(first));
             });
  const auto d_gate_up =
      weight_gradients(kept.gate_up, inner, {f.gate, f.up}, weight_gradient_by_tiles);
  return {dx,
          d_attended,
          f.o.wanted ? weight_gradient_by_tiles(dx, attended) : at::Tensor(),
          f.o_bias.wanted ? sum_of_blocks(bias_shares) : at::Tensor(),
          sum_of_blocks(shares),
          d_gate_up[0],
          d_gate_up[1],
          f.down.wanted ? weight_gradient_by_tiles(dy, activated) : at::Tensor()};
}

}  // namespace

const LayerParts kPartsByBlocks{project, project_backward, attention_by_blocks, feed_forward,
                                feed_forward_backward};

}  // namespace lockstep
