#include "fused_rows.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <vector>

// The compiler writes each loop for several generations of processors, and the loader picks one.
// All of them compute the same bits: sums have sixteen lanes of their own, and CMakeLists.txt
// forbids contraction to fused multiply-adds.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define LOCKSTEP_VECTORISED __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define LOCKSTEP_VECTORISED
#endif

namespace lockstep {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::tensor_list;

constexpr int64_t kLanes = 16;
// Rows whose contributions to a weight's gradient are added up before the blocks are.
constexpr int64_t kBlock = 128;
constexpr int64_t kGrain = 64;

LOCKSTEP_VECTORISED
float dot(const float* a, const float* b, int64_t size) {
  float lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; lane++) lanes[lane] += a[i + lane] * b[i + lane];
  }
  for (int64_t lane = 0; i + lane < size; lane++) lanes[lane] += a[i + lane] * b[i + lane];
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
  }
  return lanes[0];
}

LOCKSTEP_VECTORISED
void scale_row(const float* __restrict x, const float* __restrict weight, float scale,
               float* __restrict y, int64_t size) {
  for (int64_t i = 0; i < size; i++) y[i] = x[i] * scale * weight[i];
}

LOCKSTEP_VECTORISED
void multiply(const float* __restrict a, const float* __restrict b, float* __restrict y,
              int64_t size) {
  for (int64_t i = 0; i < size; i++) y[i] = a[i] * b[i];
}

// dx = scale (dn - x slope), and the weight's gradient gains dy x scale. dn is dy weight.
LOCKSTEP_VECTORISED
void norm_row_backward(const float* __restrict x, const float* __restrict dy,
                       const float* __restrict dn, float scale, float slope, float* __restrict dx,
                       float* __restrict dweight, int64_t size) {
  for (int64_t i = 0; i < size; i++) {
    dweight[i] += dy[i] * (x[i] * scale);
    dx[i] = scale * (dn[i] - x[i] * slope);
  }
}

LOCKSTEP_VECTORISED
void turn(const float* __restrict x, const float* __restrict cos, const float* __restrict sin,
          float direction, float* __restrict y, int64_t half) {
  for (int64_t i = 0; i < half; i++) {
    const float sine = direction * sin[i];
    y[i] = x[i] * cos[i] - x[i + half] * sine;
    y[i + half] = x[i + half] * cos[i] + x[i] * sine;
  }
}

struct RmsNorm : Function<RmsNorm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& given,
                            const at::Tensor& weight, double eps) {
    const at::Tensor x = given.contiguous();
    const int64_t rows = x.size(0), size = x.size(1);
    at::Tensor y = at::empty_like(x);
    at::Tensor scales = at::empty({rows}, x.options());
    const float* from = x.const_data_ptr<float>();
    const float* w = weight.const_data_ptr<float>();
    float* to = y.data_ptr<float>();
    float* scale = scales.data_ptr<float>();
    at::parallel_for(0, rows, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) {
        const float* row = from + t * size;
        const float mean = dot(row, row, size) / static_cast<float>(size);
        scale[t] = 1.0f / std::sqrt(mean + static_cast<float>(eps));
        scale_row(row, w, scale[t], to + t * size, size);
      }
    });
    ctx->save_for_backward({x, weight, scales});
    return y;
  }

  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const tensor_list saved = ctx->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor dy = gradients[0].contiguous();
    const int64_t rows = x.size(0), size = x.size(1);
    const int64_t blocks = (rows + kBlock - 1) / kBlock;
    at::Tensor dx = at::empty_like(x);
    at::Tensor partial = at::zeros({blocks, size}, x.options());
    const float* from = x.const_data_ptr<float>();
    const float* w = saved[1].const_data_ptr<float>();
    const float* scale = saved[2].const_data_ptr<float>();
    const float* d = dy.const_data_ptr<float>();
    float* to = dx.data_ptr<float>();
    float* sums = partial.data_ptr<float>();
    at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
      std::vector<float> dn(size);
      for (int64_t block = begin; block < end; block++) {
        for (int64_t t = block * kBlock; t < std::min(rows, (block + 1) * kBlock); t++) {
          const float* row = from + t * size;
          multiply(d + t * size, w, dn.data(), size);
          const float along = dot(dn.data(), row, size) / static_cast<float>(size);
          norm_row_backward(row, d + t * size, dn.data(), scale[t],
                            along * scale[t] * scale[t], to + t * size, sums + block * size, size);
        }
      }
    });
    at::Tensor dweight = at::zeros({size}, x.options());
    float* total = dweight.data_ptr<float>();
    for (int64_t block = 0; block < blocks; block++) {
      for (int64_t i = 0; i < size; i++) total[i] += sums[block * size + i];
    }
    return {dx, dweight, at::Tensor()};
  }
};

at::Tensor turned(const at::Tensor& given, const at::Tensor& cos, const at::Tensor& sin,
                  int64_t heads, float direction) {
  const at::Tensor x = given.contiguous();
  const int64_t all = x.size(1), size = x.size(2), half = size / 2;
  at::Tensor y = at::empty_like(x);
  const float* from = x.const_data_ptr<float>();
  const float* c = cos.const_data_ptr<float>();
  const float* s = sin.const_data_ptr<float>();
  float* to = y.data_ptr<float>();
  at::parallel_for(0, x.size(0), kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t t = begin; t < end; t++) {
      const int64_t row = t * all * size;
      for (int64_t head = 0; head < heads; head++) {
        const int64_t at = row + head * size;
        turn(from + at, c + t * half, s + t * half, direction, to + at, half);
      }
      const int64_t rest = row + heads * size;
      std::memcpy(to + rest, from + rest, (all - heads) * size * sizeof(float));
    }
  });
  return y;
}

struct RotateHeads : Function<RotateHeads> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& cos,
                            const at::Tensor& sin, int64_t heads) {
    ctx->save_for_backward({cos, sin});
    ctx->saved_data["heads"] = heads;
    return turned(x, cos, sin, heads, 1.0f);
  }

  // A rotation's transpose is the rotation back.
  static tensor_list backward(AutogradContext* ctx, tensor_list gradients) {
    const tensor_list saved = ctx->get_saved_variables();
    const int64_t heads = ctx->saved_data["heads"].toInt();
    return {turned(gradients[0], saved[0], saved[1], heads, -1.0f), at::Tensor(), at::Tensor(),
            at::Tensor()};
  }
};

void require(bool fits, const char* what) {
  if (!fits) throw std::invalid_argument(what);
}

}  // namespace

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  require(x.dim() == 2 && weight.dim() == 1 && weight.size(0) == x.size(1),
          "a norm's weight must have one number for each column of x");
  return RmsNorm::apply(x, weight, eps);
}

at::Tensor rotate_heads(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin,
                        int64_t heads) {
  const bool fits = x.dim() == 3 && x.size(2) % 2 == 0 && heads <= x.size(1) && cos.dim() == 2 &&
                    cos.size(0) == x.size(0) && 2 * cos.size(1) == x.size(2) &&
                    sin.sizes() == cos.sizes();
  require(fits, "cos and sin must have a row for each row of x, half as long as a head");
  return RotateHeads::apply(x, cos, sin, heads);
}

}  // namespace lockstep
