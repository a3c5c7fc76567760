// Compiled once for each generation of processors, with LOCKSTEP_BUILD set to its name.
#include "tiles.h"

#include <immintrin.h>

#include <cstring>

namespace lockstep::LOCKSTEP_BUILD {

namespace {

#if defined(__AVX512F__)
using Vector = __m512;
constexpr int kRows = 8;
inline Vector zero() { return _mm512_setzero_ps(); }
inline Vector broadcast(const float* x) { return _mm512_set1_ps(*x); }
inline Vector load(const float* x) { return _mm512_loadu_ps(x); }
inline void store(float* x, Vector v) { _mm512_storeu_ps(x, v); }
inline Vector multiply_add(Vector a, Vector b, Vector c) { return _mm512_fmadd_ps(a, b, c); }
inline Vector add(Vector a, Vector b) { return _mm512_add_ps(a, b); }
#else
using Vector = __m256;
constexpr int kRows = 6;
inline Vector zero() { return _mm256_setzero_ps(); }
inline Vector broadcast(const float* x) { return _mm256_broadcast_ss(x); }
inline Vector load(const float* x) { return _mm256_loadu_ps(x); }
inline void store(float* x, Vector v) { _mm256_storeu_ps(x, v); }
inline Vector multiply_add(Vector a, Vector b, Vector c) { return _mm256_fmadd_ps(a, b, c); }
inline Vector add(Vector a, Vector b) { return _mm256_add_ps(a, b); }
#endif

constexpr int kLanes = sizeof(Vector) / sizeof(float);
// Two vectors a row: with kRows rows, enough sums at once to hide the latency of an addition, and
// few enough for the registers.
constexpr int kColumns = 2 * kLanes;

constexpr int64_t kLine = 16;  // floats of a cache line
constexpr int64_t kAhead = 8;  // rows

enum class Layout { kRows, kColumns };

template <int M, Layout layout>
void tile(const TileProduct& p, const float* a, float* c) {
  Vector sums[M][2];
#pragma GCC unroll 8
  for (int m = 0; m < M; m++) sums[m][0] = sums[m][1] = zero();
  const float* rows[M];
#pragma GCC unroll 8
  for (int m = 0; m < M; m++) rows[m] = a + m * p.a_stride;
  // The result is often cold; while the sums are made it comes closer.
#pragma GCC unroll 8
  for (int m = 0; m < M; m++) __builtin_prefetch(c + m * p.c_stride, 1);
  const float* panel = p.panel;
#pragma GCC unroll 4
  for (int64_t k = 0; k < p.K; k++, panel += kColumns) {
    const Vector left = load(panel), right = load(panel + kLanes);
#pragma GCC unroll 8
    for (int m = 0; m < M; m++) {
      const Vector x = broadcast(layout == Layout::kRows ? rows[m] + k : a + k * kRows + m);
      sums[m][0] = multiply_add(x, left, sums[m][0]);
      sums[m][1] = multiply_add(x, right, sums[m][1]);
    }
  }
  if (p.width == kColumns) {
#pragma GCC unroll 8
    for (int m = 0; m < M; m++) {
      float* const row = c + m * p.c_stride;
      if (p.add) {
        sums[m][0] = add(load(row), sums[m][0]);
        sums[m][1] = add(load(row + kLanes), sums[m][1]);
      }
      store(row, sums[m][0]);
      store(row + kLanes, sums[m][1]);
    }
    return;
  }
#pragma GCC unroll 8
  for (int m = 0; m < M; m++) {
    float whole[kColumns];
    store(whole, sums[m][0]);
    store(whole + kLanes, sums[m][1]);
    float* const row = c + m * p.c_stride;
    for (int64_t i = 0; i < p.width; i++) row[i] = p.add ? row[i] + whole[i] : whole[i];
  }
}

template <Layout layout, int M = kRows - 1>
void tile_of_fewer(const TileProduct& p, int64_t rows, const float* a, float* c) {
  if (rows == M) return tile<M, layout>(p, a, c);
  if constexpr (M > 1) tile_of_fewer<layout, M - 1>(p, rows, a, c);
}

template <Layout layout>
void multiply(const TileProduct& p) {
  for (int64_t m = 0; m < p.M; m += kRows) {
    const float* const a = p.a + m * p.a_stride;
    float* const c = p.c + m * p.c_stride;
    if (p.M - m >= kRows) {
      tile<kRows, layout>(p, a, c);
    } else {
      tile_of_fewer<layout>(p, p.M - m, a, c);
    }
  }
}

// Row by row, so that memory is read in the order in which it lies. Rows are far apart where b is a
// part of a wide matrix, which the processor does not foresee.
template <int width>
void pack(const float* from, int64_t stride, int64_t K, int64_t size, float* to) {
  for (int64_t k = 0; k < K; k++, from += stride, to += width) {
    for (int64_t i = 0; i < size; i += kLine) __builtin_prefetch(from + kAhead * stride + i);
    int64_t first = 0;
    for (; first + width <= size; first += width) {
      std::memcpy(to + first * K, from + first, width * sizeof(float));
    }
    for (int64_t i = 0; first < size && i < width; i++) {
      to[first * K + i] = first + i < size ? from[first + i] : 0.0f;
    }
  }
}

void pack_panels(const float* b, int64_t stride, int64_t K, int64_t N, float* panels) {
  pack<kColumns>(b, stride, K, N, panels);
}

// to[column][row] = from[row][column], 8 x 8.
void transpose(const float* from, int64_t from_stride, float* to, int64_t to_stride) {
  __m256 rows[8], pairs[8], fours[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) rows[i] = _mm256_loadu_ps(from + i * from_stride);
#pragma GCC unroll 4
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
#pragma GCC unroll 2
  for (int i = 0; i < 8; i += 4) {
    fours[i] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0x44);
    fours[i + 1] = _mm256_shuffle_ps(pairs[i], pairs[i + 2], 0xee);
    fours[i + 2] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0x44);
    fours[i + 3] = _mm256_shuffle_ps(pairs[i + 1], pairs[i + 3], 0xee);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    _mm256_storeu_ps(to + i * to_stride, _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20));
    _mm256_storeu_ps(to + (i + 4) * to_stride,
                     _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31));
  }
}

void pack_transposed(const float* b, int64_t stride, int64_t K, int64_t N, float* panels) {
  for (int64_t n = 0; n < N; n += 8) {
    float* const to = panels + n / kColumns * kColumns * K + n % kColumns;
    int64_t k = 0;
    for (; n + 8 <= N && k + 8 <= K; k += 8) {
      transpose(b + n * stride + k, stride, to + k * kColumns, kColumns);
    }
    for (; k < K; k++) {
      for (int64_t i = 0; i < 8; i++) {
        to[k * kColumns + i] = n + i < N ? b[(n + i) * stride + k] : 0.0f;
      }
    }
  }
  // What is left of the last panel, in groups of eight.
  for (int64_t n = (N + 7) / 8 * 8; n % kColumns != 0; n += 8) {
    float* const to = panels + n / kColumns * kColumns * K + n % kColumns;
    for (int64_t k = 0; k < K; k++) std::memset(to + k * kColumns, 0, 8 * sizeof(float));
  }
}

void pack_columns(const float* a, int64_t stride, int64_t K, int64_t M, float* tiles) {
  pack<kRows>(a, stride, K, M, tiles);
}

constexpr Tiles table{
    kRows,           kColumns,    multiply<Layout::kRows>, multiply<Layout::kColumns>, pack_panels,
    pack_transposed, pack_columns};

}  // namespace

const Tiles& of_tiles() { return table; }

}  // namespace lockstep::LOCKSTEP_BUILD
