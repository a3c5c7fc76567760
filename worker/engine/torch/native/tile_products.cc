#include "tile_products.h"

#include <cmath>

#include "tiles.h"

namespace lockstep {

namespace {

// Terms of a partial sum: a panel of them fits into a first-level cache.
constexpr int64_t kTerms = 256;
// Rows of dy^T that are laid out at a time: so much stays in a second-level cache.
constexpr int64_t kTransposedRows = 96;

int64_t panel_count(int64_t outputs) { return (outputs + tiles()->columns - 1) / tiles()->columns; }

}  // namespace

Panels::Panels(int64_t terms, int64_t outputs, float* memory)
    : terms_(terms), outputs_(outputs), panels_(panel_count(outputs)), data_(memory) {}

Panels::Panels(int64_t terms, int64_t outputs) : Panels(terms, outputs, nullptr) {
  owned_ = at::empty({floats(terms, outputs)}, at::kFloat);
  data_ = owned_.data_ptr<float>();
}

int64_t Panels::floats(int64_t terms, int64_t outputs) {
  return terms * panel_count(outputs) * tiles()->columns;
}

// Panels of the first 256 terms, then those of the next.
float* Panels::block(int64_t first_term, int64_t panel) const {
  const int64_t terms = std::min(kTerms, terms_ - first_term);
  return data_ + (first_term * panels_ + panel * terms) * tiles()->columns;
}

void Panels::fill_panels(const Rows& b, int64_t begin, int64_t end) const {
  const int64_t first = begin * tiles()->columns;
  const int64_t width = std::min(end * tiles()->columns, outputs_) - first;
  for (int64_t k = 0; k < terms_; k += kTerms) {
    tiles()->pack_panels(b[k] + first, b.stride, std::min(kTerms, terms_ - k), width,
                         block(k, begin));
  }
}

void Panels::fill_panels_transposed(const Rows& b, int64_t begin, int64_t end) const {
  const int64_t first = begin * tiles()->columns;
  const int64_t width = std::min(end * tiles()->columns, outputs_) - first;
  for (int64_t k = 0; k < terms_; k += kTerms) {
    tiles()->pack_transposed(b[first] + k, b.stride, std::min(kTerms, terms_ - k), width,
                             block(k, begin));
  }
}

void Panels::fill(const Rows& b) const { fill_panels(b, 0, panels_); }

void Panels::fill_transposed(const Rows& b) const { fill_panels_transposed(b, 0, panels_); }

Panels Panels::forward(const at::Tensor& weight) {
  const Panels panels(weight.size(1), weight.size(0));
  at::parallel_for(0, panels.panels_, 1, [&](int64_t begin, int64_t end) {
    panels.fill_panels_transposed(Rows(weight), begin, end);
  });
  return panels;
}

Panels Panels::backward(const at::Tensor& weight) {
  const Panels panels(weight.size(0), weight.size(1));
  at::parallel_for(0, panels.panels_, 1, [&](int64_t begin, int64_t end) {
    panels.fill_panels(Rows(weight), begin, end);
  });
  return panels;
}

void Panels::multiply(const Rows& a, int64_t rows, const Rows& c) const {
  multiply(a, rows, c, terms_, outputs_);
}

void Panels::multiply(const Rows& a, int64_t rows, const Rows& c, int64_t terms,
                      int64_t outputs) const {
  const Tiles& loops = *tiles();
  for (int64_t k = 0; k < terms; k += kTerms) {
    for (int64_t first = 0; first < outputs; first += loops.columns) {
      loops.multiply_rows({a.data + k, a.stride, block(k, first / loops.columns),
                           std::min(kTerms, terms - k), c.data + first, c.stride, rows,
                           std::min(loops.columns, outputs - first), k > 0});
    }
  }
}

int64_t transposed_floats(int64_t T, int64_t K) {
  const int64_t terms = std::min(kTerms, T);
  return terms * (panel_count(K) * tiles()->columns + kTransposedRows + tiles()->rows);
}

void multiply_transposed(const TransposedProduct& p, const Rows& out, float* scratch) {
  const Tiles& loops = *tiles();
  float* const columns = scratch;
  float* const panels = scratch + std::min(kTerms, p.T) * (kTransposedRows + loops.rows);
  for (int64_t t = 0; t < p.T; t += kTerms) {
    const int64_t terms = std::min(kTerms, p.T - t);
    loops.pack_panels(p.x[t], p.x.stride, terms, p.K, panels);
    for (int64_t n = 0; n < p.N; n += kTransposedRows) {
      const int64_t count = std::min(kTransposedRows, p.N - n);
      loops.pack_columns(p.dy[t] + n, p.dy.stride, terms, count, columns);
      for (int64_t tile = 0; tile < count; tile += loops.rows) {
        for (int64_t k = 0; k < p.K; k += loops.columns) {
          loops.multiply_columns({columns + tile * terms, 0, panels + k * terms, terms,
                                  out[n + tile] + k, out.stride, std::min(loops.rows, count - tile),
                                  std::min(loops.columns, p.K - k), p.add || t > 0});
        }
      }
    }
  }
}

namespace {

// Into how many parts the columns of a result [N, K] are cut, for so many threads: parts are about
// square then, and little is laid out by more than one thread.
int64_t column_parts(int64_t threads, int64_t N, int64_t K) {
  const double square =
      std::sqrt(static_cast<double>(threads * K) / static_cast<double>(std::max<int64_t>(N, 1)));
  return std::clamp<int64_t>(std::llround(square), 1, std::min(threads, panel_count(K)));
}

// Where part `index` of `parts` begins, and the one before it ends; parts are whole units.
int64_t boundary(int64_t size, int64_t unit, int64_t index, int64_t parts) {
  const int64_t units = (size + unit - 1) / unit;
  return std::min(size, units * index / parts * unit);
}

}  // namespace

void add_transposed_product(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& out,
                            bool add) {
  const int64_t T = dy.size(0), N = dy.size(1), K = x.size(1), threads = at::get_num_threads();
  const int64_t across = column_parts(threads, N, K), down = (threads + across - 1) / across;
  const Rows dy_TN(dy), x_TK(x), out_NK(out);
  // Each part is one thread's, which adds up all T terms in order.
  each_in_turn(across * down, transposed_floats(T, K), [&](int64_t part, float* scratch) {
    const int64_t row = part / across, column = part % across;
    const int64_t n = boundary(N, tiles()->rows, row, down);
    const int64_t k = boundary(K, tiles()->columns, column, across);
    const int64_t rows = boundary(N, tiles()->rows, row + 1, down) - n;
    const int64_t columns = boundary(K, tiles()->columns, column + 1, across) - k;
    if (rows == 0 || columns == 0) return;
    multiply_transposed({dy_TN.from(0, n), x_TK.from(0, k), T, rows, columns, add},
                        out_NK.from(n, k), scratch);
  });
}

at::Tensor weight_gradient_by_tiles(const at::Tensor& dy, const at::Tensor& x) {
  const at::Tensor out = at::empty({dy.size(1), x.size(1)}, x.options());
  add_transposed_product(dy, x, out, false);
  return out;
}

}  // namespace lockstep
