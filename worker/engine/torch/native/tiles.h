// The inner loops of float32 matrix products on the CPU, as a table that each generation of
// processors fills with its own build of tiles.cc. A sum runs over its terms in order, one fused
// multiply-add each, whatever the tile and the width of the vectors: all builds give the same bits.
//
// Legend: M rows, K terms of a sum, columns of a panel.
#pragma once

#include <cstdint>

namespace lockstep {

// c [M, width] = a b, or c += a b.
struct TileProduct {
  const float* a;      // [M, K] by rows, or [K, Tiles::rows] by columns
  int64_t a_stride;    // from row to row; unused by columns
  const float* panel;  // b: [K, Tiles::columns]
  int64_t K;
  float* c;
  int64_t c_stride;
  int64_t M;
  int64_t width;  // at most Tiles::columns
  bool add;
};

struct Tiles {
  int64_t rows;
  int64_t columns;
  void (*multiply_rows)(const TileProduct&);     // any M
  void (*multiply_columns)(const TileProduct&);  // M at most `rows`

  // Lays out b [K, N], its rows `stride` floats apart, as panels [panels, K, columns]. What the
  // last panel or tile lacks is filled up with zeros.
  void (*pack_panels)(const float* b, int64_t stride, int64_t K, int64_t N, float* panels);
  // The same of b^T, where b is [N, K].
  void (*pack_transposed)(const float* b, int64_t stride, int64_t K, int64_t N, float* panels);
  // Lays out a^T, where a is [K, M], for multiply_columns: [tiles, K, rows].
  void (*pack_columns)(const float* a, int64_t stride, int64_t K, int64_t M, float* tiles);
};

// The table of the best build that this processor runs; null where it has no fused multiply-add.
const Tiles* tiles();

}  // namespace lockstep
