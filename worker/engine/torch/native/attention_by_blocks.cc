// A unit of work is one key-value head of one sequence, and the query heads that read it. Its
// scores exist for a block of query rows at a time; the backward makes them again from their
// normalisers.
//
// Legend: L rows of the sequence that all later ones see, D head size. Behind them stand leaves, each
// with a key and a value that only it sees.
#include "packed_attention.h"
#include "row_loops.h"
#include "tile_products.h"

namespace lockstep {

namespace {

struct Sequence {
  int64_t first_row;
  int64_t length;
  int64_t first_query;
  int64_t queries;
  int64_t leaves;

  int64_t shared() const { return length - leaves; }
  // Scores of a row at most: a leaf has its own beside the shared ones.
  int64_t scores() const { return leaves > 0 ? shared() + 1 : length; }
};

std::vector<Sequence> sequences_of(const AttentionShape& shape) {
  std::vector<Sequence> sequences;
  int64_t query = 0;
  for (const auto& [first_row, count, length, leaves] : shape.groups) {
    const int64_t queries = shape.last ? 1 : length;
    for (int64_t i = 0; i < count; i++, query += queries) {
      sequences.push_back({first_row + i * length, length, query, queries, leaves});
    }
  }
  return sequences;
}

int64_t longest(const std::vector<Sequence>& sequences) {
  int64_t length = 0;
  for (const Sequence& each : sequences) length = std::max(length, each.length);
  return length;
}

// Rows of queries, and what they see: the row r of them the first `seen_by_first + r` keys.
struct QueryBlock {
  int64_t first;
  int64_t rows;
  int64_t seen_by_first;

  int64_t seen() const { return seen_by_first + rows - 1; }
};

template <typename F>
void each_query_block(const Sequence& s, const F& f) {
  const int64_t queries = s.queries - s.leaves;
  for (int64_t first = 0; first < queries; first += kBlockRows) {
    f(QueryBlock{s.first_query + first, std::min(kBlockRows, queries - first),
                 s.length - s.queries + first + 1});
  }
}

// Leaves, which are at `first` of all rows, and see `shared` keys and their own.
struct LeafBlock {
  int64_t first;
  int64_t rows;
  int64_t shared;
};

template <typename F>
void each_leaf_block(const Sequence& s, const F& f) {
  for (int64_t first = s.shared(); first < s.length; first += kBlockRows) {
    f(LeafBlock{s.first_row + first, std::min(kBlockRows, s.length - first), s.shared()});
  }
}

// In sixteen sums, so that they can be a vector; the order is the same on every processor.
float dot(const float* a, const float* b, int64_t size) {
  constexpr int64_t lanes = 16;
  float sums[lanes] = {};
  int64_t i = 0;
  for (; i + lanes <= size; i += lanes) {
    for (int64_t lane = 0; lane < lanes; lane++) sums[lane] += a[i + lane] * b[i + lane];
  }
  for (int64_t lane = 0; i + lane < size; lane++) sums[lane] += a[i + lane] * b[i + lane];
  for (int64_t half = lanes / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; lane++) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

// to += factor x
void add_scaled(float factor, const float* x, float* to, int64_t size) {
  for (int64_t i = 0; i < size; i++) to[i] += factor * x[i];
}

// The product of a row's shared part; no sum is made where nothing is shared.
void multiply_or_clear(const Panels& panels, const Rows& a, int64_t rows, const Rows& c,
                       int64_t terms, int64_t outputs) {
  panels.multiply(a, rows, c, terms, outputs);
  if (terms > 0) return;
  for (int64_t r = 0; r < rows; r++) std::fill(c[r], c[r] + outputs, 0.0f);
}

// What all units share.
struct Attention {
  Attention(const Heads& heads, const AttentionShape& shape)
      : q(heads.q),
        k(heads.k),
        v(heads.v),
        D(shape.head_size),
        key_heads(heads.k.size(1) / D),
        heads_per_key(heads.q.size(1) / D / key_heads),
        scale(static_cast<float>(1.0 / std::sqrt(static_cast<double>(D)))) {}

  Rows q, k, v;
  int64_t D;
  int64_t key_heads;
  int64_t heads_per_key;
  float scale;
};

void forward_unit(const Attention& a, const Sequence& s, int64_t key_head, const Rows& output,
                  const Rows& normalisers, float* scratch) {
  const RowLoops<float>& loops = row_loops<float>();
  const int64_t L = s.shared(), D = a.D;
  const Panels keys(D, L, scratch), values(L, D, scratch + Panels::floats(D, L));
  const Rows scores(scratch + Panels::floats(D, L) + Panels::floats(L, D), s.scores());
  keys.fill_transposed(a.k.from(s.first_row, key_head * D));
  values.fill(a.v.from(s.first_row, key_head * D));
  for (int64_t i = 0; i < a.heads_per_key; i++) {
    const int64_t head = key_head * a.heads_per_key + i;
    each_query_block(s, [&](const QueryBlock& b) {
      keys.multiply(a.q.from(b.first, head * D), b.rows, scores, D, b.seen());
      for (int64_t r = 0; r < b.rows; r++) {
        const int64_t seen = b.seen_by_first + r;
        normalisers[b.first + r][head] = loops.softmax(scores[r], a.scale, seen);
        std::fill(scores[r] + seen, scores[r] + b.seen(), 0.0f);
      }
      values.multiply(scores, b.rows, output.from(b.first, head * D), b.seen(), D);
    });
    each_leaf_block(s, [&](const LeafBlock& b) {
      const Rows q = a.q.from(b.first, head * D), out = output.from(b.first, head * D);
      const Rows own_k = a.k.from(b.first, key_head * D), own_v = a.v.from(b.first, key_head * D);
      keys.multiply(q, b.rows, scores, D, b.shared);
      for (int64_t r = 0; r < b.rows; r++) {
        scores[r][b.shared] = dot(q[r], own_k[r], D);
        normalisers[b.first + r][head] = loops.softmax(scores[r], a.scale, b.shared + 1);
      }
      multiply_or_clear(values, scores, b.rows, out, b.shared, D);
      for (int64_t r = 0; r < b.rows; r++) add_scaled(scores[r][b.shared], own_v[r], out[r], D);
    });
  }
}

struct Gradients {
  Rows d_output, normalisers, dq, dk, dv;
};

int64_t backward_floats(int64_t L, int64_t D) {
  return 2 * Panels::floats(D, L) + Panels::floats(L, D) + 2 * kBlockRows * L +
         transposed_floats(kBlockRows, D);
}

void backward_unit(const Attention& a, const Sequence& s, int64_t key_head, const Gradients& g,
                   float* scratch) {
  const RowLoops<float>& loops = row_loops<float>();
  const int64_t L = s.shared(), D = a.D;
  const Panels keys_by_row(L, D, scratch);
  const Panels keys(D, L, scratch + Panels::floats(L, D));
  const Panels values(D, L, scratch + Panels::floats(L, D) + Panels::floats(D, L));
  const Rows shares(scratch + Panels::floats(L, D) + 2 * Panels::floats(D, L), s.scores());
  const Rows d_scores(shares[kBlockRows], s.scores());
  float* const own = d_scores[kBlockRows];
  const Rows k = a.k.from(s.first_row, key_head * D), v = a.v.from(s.first_row, key_head * D);
  const Rows dk = g.dk.from(s.first_row, key_head * D), dv = g.dv.from(s.first_row, key_head * D);
  keys_by_row.fill(k);
  keys.fill_transposed(k);
  values.fill_transposed(v);
  for (int64_t row = 0; row < s.length; row++) {
    std::fill(dk[row], dk[row] + D, 0.0f);
    std::fill(dv[row], dv[row] + D, 0.0f);
  }
  for (int64_t i = 0; i < a.heads_per_key; i++) {
    const int64_t head = key_head * a.heads_per_key + i;
    each_query_block(s, [&](const QueryBlock& b) {
      const Rows q = a.q.from(b.first, head * D);
      const Rows d_output = g.d_output.from(b.first, head * D);
      keys.multiply(q, b.rows, shares, D, b.seen());
      values.multiply(d_output, b.rows, d_scores, D, b.seen());
      for (int64_t r = 0; r < b.rows; r++) {
        const int64_t seen = b.seen_by_first + r;
        loops.softmax_backward(shares[r], d_scores[r], g.normalisers[b.first + r][head], a.scale,
                               seen);
        std::fill(shares[r] + seen, shares[r] + b.seen(), 0.0f);
        std::fill(d_scores[r] + seen, d_scores[r] + b.seen(), 0.0f);
      }
      keys_by_row.multiply(d_scores, b.rows, g.dq.from(b.first, head * D), b.seen(), D);
      multiply_transposed({d_scores, q, b.rows, b.seen(), D, true}, dk, own);
      multiply_transposed({shares, d_output, b.rows, b.seen(), D, true}, dv, own);
    });
    each_leaf_block(s, [&](const LeafBlock& b) {
      const Rows q = a.q.from(b.first, head * D), dq = g.dq.from(b.first, head * D);
      const Rows d_output = g.d_output.from(b.first, head * D);
      const Rows own_k = a.k.from(b.first, key_head * D), own_v = a.v.from(b.first, key_head * D);
      const Rows own_dk = g.dk.from(b.first, key_head * D);
      const Rows own_dv = g.dv.from(b.first, key_head * D);
      keys.multiply(q, b.rows, shares, D, b.shared);
      values.multiply(d_output, b.rows, d_scores, D, b.shared);
      for (int64_t r = 0; r < b.rows; r++) {
        shares[r][b.shared] = dot(q[r], own_k[r], D);
        d_scores[r][b.shared] = dot(d_output[r], own_v[r], D);
        loops.softmax_backward(shares[r], d_scores[r], g.normalisers[b.first + r][head], a.scale,
                               b.shared + 1);
      }
      multiply_or_clear(keys_by_row, d_scores, b.rows, dq, b.shared, D);
      for (int64_t r = 0; r < b.rows; r++) {
        add_scaled(d_scores[r][b.shared], own_k[r], dq[r], D);
        add_scaled(d_scores[r][b.shared], q[r], own_dk[r], D);
        add_scaled(shares[r][b.shared], d_output[r], own_dv[r], D);
      }
      multiply_transposed({d_scores, q, b.rows, b.shared, D, true}, dk, own);
      multiply_transposed({shares, d_output, b.rows, b.shared, D, true}, dv, own);
    });
  }
}

}  // namespace

Attended attention_by_blocks(const Heads& heads, const AttentionShape& shape, bool keep) {
  const Attention attention(heads, shape);
  const std::vector<Sequence> sequences = sequences_of(shape);
  const int64_t L = longest(sequences), D = attention.D, key_heads = attention.key_heads;
  const int64_t units = static_cast<int64_t>(sequences.size()) * key_heads;
  const at::Tensor output = at::empty({heads.q.size(0), heads.q.size(1)}, heads.q.options());
  const at::Tensor normalisers =
      at::empty({heads.q.size(0), heads.q.size(1) / D}, heads.q.options());
  const int64_t floats = Panels::floats(D, L) + Panels::floats(L, D) + kBlockRows * L;
  each_in_turn(units, floats, [&](int64_t unit, float* scratch) {
    forward_unit(attention, sequences[static_cast<size_t>(unit / key_heads)], unit % key_heads,
                 Rows(output), Rows(normalisers), scratch);
  });
  if (!keep) return {output, nullptr};
  return {output, [=](const at::Tensor& d_output, const Heads& d) {
            // The heads, so that their memory stays.
            const Attention again(heads, shape);
            const Gradients g{Rows(d_output), Rows(normalisers), Rows(d.q), Rows(d.k), Rows(d.v)};
            each_in_turn(units, backward_floats(L, D), [&](int64_t unit, float* scratch) {
              backward_unit(again, sequences[static_cast<size_t>(unit / key_heads)],
                            unit % key_heads, g, scratch);
            });
          }};
}

}  // namespace lockstep
