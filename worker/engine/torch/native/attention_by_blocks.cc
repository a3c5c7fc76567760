// A unit of work is one key-value head of one sequence, and the query heads that read it. Its
// scores exist for a block of query rows at a time; the backward makes them again from their
// normalisers.
//
// Legend: L rows of the sequence, of which Q have queries (all, or the last one), D head size.
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
};

std::vector<Sequence> sequences_of(const AttentionShape& shape) {
  std::vector<Sequence> sequences;
  int64_t query = 0;
  for (const auto& [first_row, count, length] : shape.groups) {
    const int64_t queries = shape.last ? 1 : length;
    for (int64_t i = 0; i < count; i++, query += queries) {
      sequences.push_back({first_row + i * length, length, query, queries});
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
  for (int64_t first = 0; first < s.queries; first += kBlockRows) {
    f(QueryBlock{s.first_query + first, std::min(kBlockRows, s.queries - first),
                 s.length - s.queries + first + 1});
  }
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
  const int64_t L = s.length, D = a.D;
  const Panels keys(D, L, scratch), values(L, D, scratch + Panels::floats(D, L));
  const Rows scores(scratch + Panels::floats(D, L) + Panels::floats(L, D), L);
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
  const int64_t L = s.length, D = a.D;
  const Panels keys_by_row(L, D, scratch);
  const Panels keys(D, L, scratch + Panels::floats(L, D));
  const Panels values(D, L, scratch + Panels::floats(L, D) + Panels::floats(D, L));
  const Rows shares(scratch + Panels::floats(L, D) + 2 * Panels::floats(D, L), L);
  const Rows d_scores(shares[kBlockRows], L);
  float* const own = d_scores[kBlockRows];
  const Rows k = a.k.from(s.first_row, key_head * D), v = a.v.from(s.first_row, key_head * D);
  const Rows dk = g.dk.from(s.first_row, key_head * D), dv = g.dv.from(s.first_row, key_head * D);
  keys_by_row.fill(k);
  keys.fill_transposed(k);
  values.fill_transposed(v);
  for (int64_t row = 0; row < L; row++) {
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
