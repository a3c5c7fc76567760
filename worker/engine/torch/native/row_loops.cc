// Compiled once for each generation of processors, with LOCKSTEP_BUILD set to its name.
#include "row_loops.h"

#include <cmath>
#include <cstring>
#include <limits>

namespace lockstep::LOCKSTEP_BUILD {

namespace {

constexpr int64_t kLanes = 16;

inline float load(float value) { return value; }
inline float load(Bfloat16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float wide;
  std::memcpy(&wide, &bits, sizeof wide);
  return wide;
}

inline void store(float value, float& to) { to = value; }
// Rounds to nearest, ties to even. A NaN stays one: rounding could carry it over into a zero.
inline void store(float value, Bfloat16& to) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  to.bits = static_cast<uint16_t>(value != value ? 0x7fc0u : rounded);
}

inline float sum_of(const float* lanes) {
  float sums[kLanes];
  std::memcpy(sums, lanes, sizeof sums);
  for (int64_t half = kLanes / 2; half > 0; half /= 2) {
    for (int64_t lane = 0; lane < half; lane++) sums[lane] += sums[lane + half];
  }
  return sums[0];
}

// Calls f(i, lane) for each i below `size`; i goes to the lane i modulo kLanes. f must not make one
// element depend on another, so that the lanes can be a vector.
template <typename F>
inline void in_lanes(int64_t size, const F& f) {
  int64_t i = 0;
  for (; i + kLanes <= size; i += kLanes) {
#pragma GCC ivdep
    for (int64_t lane = 0; lane < kLanes; lane++) f(i + lane, lane);
  }
  for (int64_t lane = 0; i + lane < size; lane++) f(i + lane, lane);
}

inline float scale_of(float squares, float eps, int64_t size) {
  return 1.0f / std::sqrt(squares / static_cast<float>(size) + eps);
}

// e^x by a polynomial on [-ln 2 / 2, ln 2 / 2] and a shift of the exponent; error below 2 ulp. The
// library's exp is a call, which would keep the loop around it from being vectorised.
inline float exponential(float x) {
  const float bounded = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
  const float shifted = bounded * 1.44269504f + magic;
  const float power = shifted - magic;
  const float r = (bounded - power * 0.693145752f) - power * 1.42860677e-6f;
  float p = 1.38888889e-3f;
  p = p * r + 8.33333333e-3f;
  p = p * r + 4.16666667e-2f;
  p = p * r + 1.66666667e-1f;
  p = p * r + 0.5f;
  p = p * r * r + r + 1.0f;
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  const uint32_t exponent = (bits + 127u) << 23;  // the low bits of `shifted` are the integer
  float two_to;
  std::memcpy(&two_to, &exponent, sizeof two_to);
  return p * two_to;
}

template <typename A>
void norm_again(const float* __restrict x, const float* __restrict weight, float scale,
                A* __restrict n, int64_t H) {
  for (int64_t i = 0; i < H; i++) store(x[i] * scale * weight[i], n[i]);
}

template <typename A>
float norm(const float* x, const float* weight, float eps, A* n, int64_t H) {
  float lanes[kLanes] = {};
  in_lanes(H, [&](int64_t i, int64_t lane) { lanes[lane] += x[i] * x[i]; });
  const float scale = scale_of(sum_of(lanes), eps, H);
  norm_again(x, weight, scale, n, H);
  return scale;
}

template <typename A>
void add(const float* __restrict x, const A* __restrict branch, float* __restrict y, int64_t H) {
  for (int64_t i = 0; i < H; i++) y[i] = x[i] + load(branch[i]);
}

template <typename A>
float add_norm(const float* x, const A* branch, const float* weight, float eps, float* sum, A* n,
               int64_t H) {
  add(x, branch, sum, H);
  return norm(sum, weight, eps, n, H);
}

// With m = mean(dn weight x): dx = scale (dn weight - x m scale^2).
template <typename A>
void norm_backward(const float* __restrict x, const float* __restrict weight, float scale,
                   const A* __restrict dn, const float* __restrict residual, float* __restrict dx,
                   float* __restrict dweight, int64_t H) {
  float lanes[kLanes] = {};
  in_lanes(H, [&](int64_t i, int64_t lane) { lanes[lane] += load(dn[i]) * weight[i] * x[i]; });
  const float slope = sum_of(lanes) / static_cast<float>(H) * scale * scale;
  for (int64_t j = 0; j < H; j++) {
    const float d = load(dn[j]);
    dweight[j] += d * (x[j] * scale);
    dx[j] = scale * (d * weight[j] - x[j] * slope);
  }
  if (residual == nullptr) return;
  for (int64_t j = 0; j < H; j++) dx[j] += residual[j];
}

template <typename A>
void rotate(A* __restrict head, const float* __restrict cos, const float* __restrict sin,
            float direction, int64_t D) {
  const int64_t half = D / 2;
  for (int64_t i = 0; i < half; i++) {
    const float first = load(head[i]), second = load(head[i + half]);
    const float sine = direction * sin[i];
    store(first * cos[i] - second * sine, head[i]);
    store(second * cos[i] + first * sine, head[i + half]);
  }
}

template <typename A>
void swiglu(const A* __restrict gate_up, A* __restrict a, int64_t I) {
  for (int64_t i = 0; i < I; i++) {
    const float gate = load(gate_up[i]);
    const float sigmoid = 1.0f / (1.0f + exponential(-gate));
    store(gate * sigmoid * load(gate_up[I + i]), a[i]);
  }
}

template <typename A>
void swiglu_backward(A* __restrict gate_up, const A* __restrict da, A* __restrict a, int64_t I) {
  for (int64_t i = 0; i < I; i++) {
    const float gate = load(gate_up[i]), up = load(gate_up[I + i]), d = load(da[i]);
    const float sigmoid = 1.0f / (1.0f + exponential(-gate));
    const float silu = gate * sigmoid;
    store(silu * up, a[i]);
    store(d * up * (sigmoid + silu * (1.0f - sigmoid)), gate_up[i]);
    store(d * silu, gate_up[I + i]);
  }
}

inline float larger(float a, float b) { return a > b ? a : b; }

inline float largest_of(const float* lanes) {
  float largest = lanes[0];
  for (int64_t lane = 1; lane < kLanes; lane++) largest = larger(largest, lanes[lane]);
  return largest;
}

inline void fill(float* lanes, float value) {
  for (int64_t lane = 0; lane < kLanes; lane++) lanes[lane] = value;
}

float softmax(float* scores, float scale, int64_t size) {
  float tops[kLanes], lanes[kLanes] = {};
  fill(tops, scores[0]);
  in_lanes(size, [&](int64_t i, int64_t lane) { tops[lane] = larger(tops[lane], scores[i]); });
  const float top = scale * largest_of(tops);
  in_lanes(size, [&](int64_t i, int64_t lane) {
    scores[i] = exponential(scale * scores[i] - top);
    lanes[lane] += scores[i];
  });
  const float sum = sum_of(lanes), part = 1.0f / sum;
  for (int64_t i = 0; i < size; i++) scores[i] *= part;
  return top + std::log(sum);
}

// With m = sum(shares d): d = scale shares (d - m).
void softmax_backward(float* __restrict scores, float* __restrict d, float normaliser, float scale,
                      int64_t size) {
  float lanes[kLanes] = {};
  in_lanes(size, [&](int64_t i, int64_t lane) {
    scores[i] = exponential(scale * scores[i] - normaliser);
    lanes[lane] += scores[i] * d[i];
  });
  const float mean = sum_of(lanes);
  for (int64_t i = 0; i < size; i++) d[i] = scale * scores[i] * (d[i] - mean);
}

LossRow loss(float* __restrict cosines, float* __restrict likeness, float positive_logit,
             const LossRowSettings& settings, int64_t K, float* __restrict logits) {
  constexpr float lowest = -std::numeric_limits<float>::infinity();
  const auto [scale, threshold, weight] = settings;
  if (logits != nullptr) {
    for (int64_t i = 0; i < K; i++)
      logits[i] = likeness[i] > threshold ? lowest : scale * cosines[i];
  }
  float tops[kLanes], masked[kLanes] = {};
  fill(tops, positive_logit);
  in_lanes(K, [&](int64_t i, int64_t lane) {
    const bool out = likeness[i] > threshold;
    masked[lane] += out ? 1.0f : 0.0f;
    tops[lane] = larger(out ? lowest : scale * cosines[i], tops[lane]);
  });
  const float best = largest_of(tops);
  float sums[kLanes] = {};
  in_lanes(K, [&](int64_t i, int64_t lane) {
    const float share = exponential(scale * cosines[i] - best);
    likeness[i] = likeness[i] > threshold ? 0.0f : share;
    sums[lane] += likeness[i];
  });
  const float total = sum_of(sums) + exponential(positive_logit - best), part = weight / total;
  float products[kLanes] = {};
  in_lanes(K, [&](int64_t i, int64_t lane) {
    const float share = likeness[i] * part;
    products[lane] += share * cosines[i];
    cosines[i] = share;
  });
  return {best, best + std::log(total), sum_of(masked), sum_of(products)};
}

template <typename A>
constexpr RowLoops<A> table{
    norm<A>,   add_norm<A>,        norm_again<A>, norm_backward<A>, rotate<A>,
    swiglu<A>, swiglu_backward<A>, add<A>,        softmax,          softmax_backward,
    loss};

}  // namespace

const RowLoops<float>& of_float() { return table<float>; }
const RowLoops<Bfloat16>& of_bfloat16() { return table<Bfloat16>; }

}  // namespace lockstep::LOCKSTEP_BUILD
