// Float32 matrix products on the CPU by the loops of tiles.h, for who works on a few rows at a time
// while they are in the cache.
//
// A sum is made of partial sums of 256 terms, added in order: the bits depend neither on the number
// of threads nor on the rows of a block nor on the processor.
//
// Legend: T rows, K terms of a sum, N outputs.
#pragma once

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>

namespace lockstep {

// A float32 matrix in someone's memory, its rows `stride` floats apart.
struct Rows {
  Rows(float* data, int64_t stride) : data(data), stride(stride) {}
  explicit Rows(const at::Tensor& x) : Rows(x.data_ptr<float>(), x.stride(0)) {}

  float* operator[](int64_t row) const { return data + row * stride; }
  Rows from(int64_t row, int64_t column = 0) const { return {(*this)[row] + column, stride}; }

  float* data;
  int64_t stride;
};

// The right side of products, laid out in the order in which the loops read it.
class Panels {
 public:
  // For x W^T, laid out on all threads. weight: [N, K]
  static Panels forward(const at::Tensor& weight);
  // For dy W, the gradient of x.
  static Panels backward(const at::Tensor& weight);

  // In memory of `floats(terms, outputs)`, filled by one of the two on one thread.
  Panels(int64_t terms, int64_t outputs, float* memory);
  static int64_t floats(int64_t terms, int64_t outputs);
  void fill(const Rows& b) const;             // [terms, outputs]
  void fill_transposed(const Rows& b) const;  // [outputs, terms]

  int64_t outputs() const { return outputs_; }

  // c [rows, outputs] = a [rows, terms], on one thread. The first so many terms and outputs are
  // enough where the others are not wanted.
  void multiply(const Rows& a, int64_t rows, const Rows& c) const;
  void multiply(const Rows& a, int64_t rows, const Rows& c, int64_t terms, int64_t outputs) const;

 private:
  Panels(int64_t terms, int64_t outputs);
  float* block(int64_t first_term, int64_t panel) const;
  void fill_panels(const Rows& b, int64_t begin, int64_t end) const;
  void fill_panels_transposed(const Rows& b, int64_t begin, int64_t end) const;

  int64_t terms_;
  int64_t outputs_;
  int64_t panels_;
  at::Tensor owned_;
  float* data_;
};

// out [N, K] = or += dy^T x over the T rows of both, on one thread; `scratch` holds
// `transposed_floats(T, K)`.
struct TransposedProduct {
  Rows dy;
  Rows x;
  int64_t T;
  int64_t N;
  int64_t K;
  bool add;
};
int64_t transposed_floats(int64_t T, int64_t K);
void multiply_transposed(const TransposedProduct& p, const Rows& out, float* scratch);

// out [N, K] = or += dy^T x, on all threads. dy [T, N], x [T, K]
void add_transposed_product(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& out,
                            bool add);
at::Tensor weight_gradient_by_tiles(const at::Tensor& dy, const at::Tensor& x);

// Calls f(index, scratch) for each index below `count`, on all threads; scratch holds so many
// floats and is one thread's own. Threads take the next index when they are done: one that shares
// its core with a neighbour takes fewer.
template <typename F>
void each_in_turn(int64_t count, int64_t scratch_floats, const F& f) {
  std::atomic<int64_t> next = 0;
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), count);
  at::parallel_for(0, threads, 1, [&](int64_t, int64_t) {
    const at::Tensor scratch = at::empty({scratch_floats}, at::kFloat);
    for (int64_t index = next++; index < count; index = next++) {
      f(index, scratch.data_ptr<float>());
    }
  });
}

// Rows that a thread takes at a time: they and what is made of them stay in its cache.
constexpr int64_t kBlockRows = 48;

inline int64_t block_count(int64_t rows) { return (rows + kBlockRows - 1) / kBlockRows; }

// The same for blocks of rows: f(block, first row, rows, scratch).
template <typename F>
void each_block(int64_t rows, int64_t scratch_floats, const F& f) {
  each_in_turn(block_count(rows), scratch_floats, [&](int64_t block, float* scratch) {
    const int64_t first = block * kBlockRows;
    f(block, first, std::min(kBlockRows, rows - first), scratch);
  });
}

}  // namespace lockstep
