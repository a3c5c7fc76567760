#include <algorithm>
#include <cmath>
#include <cstring>

#include "cuda/row_kernels_text.h"
#include "cuda/run_time_kernels.h"
#include "row_ops.h"

namespace lockstep {

namespace {

unsigned int bits_of(float x) {
  unsigned int bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}
float float_of(unsigned int bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}
float exp_of(float x) { return std::exp(x); }
float log_of(float x) { return std::log(x); }
float root_of(float x) { return std::sqrt(x); }

#define LOCKSTEP_BODY
#include "cuda/row_kernels.h"

// Rows whose contributions to a norm's gradient one thread adds up.
constexpr int kShareRows = 64;
constexpr unsigned kWarp = 32, kRowsOfBlock = 8, kThreads = 256;

struct OneLane {
  int lane = 0;
  int lanes = 1;
  float sum(float value) const { return value; }
  float largest(float value) const { return value; }
};

RunTimeKernels& kernels() {
  static RunTimeKernels compiled(kRowKernelsText);
  return compiled;
}

template <typename T>
T* at_start(const at::Tensor& x) {
  return x.defined() ? static_cast<T*>(x.data_ptr()) : nullptr;
}

int as_int(int64_t size) { return static_cast<int>(size); }

template <typename F>
void with_type(at::ScalarType type, const F& f) {
  if (type == at::kFloat) {
    f(float{}, "_f32");
  } else if (type == at::kBFloat16) {
    f(Low{}, "_bf16");
  } else {
    throw std::invalid_argument("activations must be float32 or bfloat16");
  }
}

// Host memory: body(t) for each row; a device: the kernel, with a warp for each row.
template <typename Body, typename... Args>
void each_row(const at::Tensor& x, const std::string& kernel, int64_t T, const Body& body,
              Args... args) {
  if (T == 0) return;
  if (!x.is_cpu()) {
    const int64_t blocks = (T + kRowsOfBlock - 1) / kRowsOfBlock;
    return kernels().launch(kernel, {blocks, kWarp, kRowsOfBlock}, args...);
  }
  for (int64_t t = 0; t < T; t++) body(t);
}

// The same with a block of threads for each row, body(t, i) for each of its elements.
template <typename Body, typename... Args>
void each_element(const at::Tensor& x, const std::string& kernel, int64_t T, int64_t width,
                  const Body& body, Args... args) {
  if (T == 0) return;
  if (!x.is_cpu()) return kernels().launch(kernel, {T, kThreads, 1}, args...);
  for (int64_t t = 0; t < T; t++) {
    for (int i = 0; i < as_int(width); i++) body(t, i);
  }
}

Normed norm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type) {
  const int64_t T = x.size(0);
  const int H = as_int(x.size(1));
  Normed out{at::empty({T, H}, x.options().dtype(type)), at::empty({T}, x.options())};
  const auto *x_data = at_start<float>(x), *w = at_start<float>(weight);
  auto* const scales = at_start<float>(out.scales);
  const auto e = static_cast<float>(eps);
  with_type(type, [&](auto a, const char* suffix) {
    auto* const n = at_start<decltype(a)>(out.n);
    each_row(
        x, std::string("norm") + suffix, T,
        [=](int64_t t) { norm_row(OneLane(), x_data + t * H, w, e, n + t * H, scales + t, H); },
        x_data, w, e, n, scales, static_cast<long long>(T), H);
  });
  return out;
}

Normed add_norm(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight, double eps,
                at::Tensor& sum) {
  const int64_t T = x.size(0);
  const int H = as_int(x.size(1));
  sum = at::empty({T, H}, x.options());
  Normed out{at::empty({T, H}, branch.options()), at::empty({T}, x.options())};
  const auto *x_data = at_start<float>(x), *w = at_start<float>(weight);
  auto *const sums = at_start<float>(sum), *const scales = at_start<float>(out.scales);
  const auto e = static_cast<float>(eps);
  with_type(branch.scalar_type(), [&](auto a, const char* suffix) {
    using A = decltype(a);
    const A* const b = at_start<A>(branch);
    A* const n = at_start<A>(out.n);
    each_row(
        x, std::string("add_norm") + suffix, T,
        [=](int64_t t) {
          add_norm_row(OneLane(), x_data + t * H, b + t * H, w, e, sums + t * H, n + t * H,
                       scales + t, H);
        },
        x_data, b, w, e, sums, n, scales, static_cast<long long>(T), H);
  });
  return out;
}

at::Tensor norm_again(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                      at::ScalarType type) {
  const int64_t T = x.size(0);
  const int H = as_int(x.size(1));
  at::Tensor out = at::empty({T, H}, x.options().dtype(type));
  const auto *x_data = at_start<float>(x), *w = at_start<float>(weight),
             *s = at_start<float>(scales);
  with_type(type, [&](auto a, const char* suffix) {
    auto* const n = at_start<decltype(a)>(out);
    each_row(
        x, std::string("norm_again") + suffix, T,
        [=](int64_t t) { norm_again_row(OneLane(), x_data + t * H, w, s[t], n + t * H, H); },
        x_data, w, s, n, static_cast<long long>(T), H);
  });
  return out;
}

NormGradients norm_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                            const at::Tensor& dn, const at::Tensor& residual) {
  const int64_t T = x.size(0), blocks = (T + kShareRows - 1) / kShareRows;
  const int H = as_int(x.size(1));
  at::Tensor dx = at::empty({T, H}, x.options()), shares = at::empty({blocks, H}, x.options());
  const auto *x_data = at_start<float>(x), *w = at_start<float>(weight),
             *s = at_start<float>(scales), *rest = at_start<float>(residual);
  auto *const dx_data = at_start<float>(dx), *const share = at_start<float>(shares);
  with_type(dn.scalar_type(), [&](auto a, const char* suffix) {
    const auto* const d = at_start<decltype(a)>(dn);
    each_row(
        x, std::string("norm_backward") + suffix, T,
        [=](int64_t t) {
          norm_backward_row(OneLane(), x_data + t * H, w, s[t], d + t * H,
                            rest == nullptr ? nullptr : rest + t * H, dx_data + t * H, H);
        },
        x_data, w, s, d, rest, dx_data, static_cast<long long>(T), H);
    each_element(
        x, std::string("norm_weight") + suffix, blocks, H,
        [=](int64_t block, int i) {
          const int64_t first = block * kShareRows, end = std::min<int64_t>(first + kShareRows, T);
          share[block * H + i] = norm_weight_share(x_data, s, d, first, end, i, H);
        },
        x_data, s, d, share, static_cast<long long>(T), H, kShareRows);
  });
  return {dx, at::sum(shares, 0)};
}

void rotate(at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, int64_t heads,
            int direction) {
  const int half = as_int(cos.size(1)), width = as_int(x.size(1));
  const auto *c = at_start<float>(cos), *s = at_start<float>(sin);
  const auto way = static_cast<float>(direction);
  with_type(x.scalar_type(), [&](auto a, const char* suffix) {
    auto* const rows = at_start<decltype(a)>(x);
    each_element(
        x, std::string("rotate") + suffix, x.size(0), heads * half,
        [=](int64_t t, int i) {
          rotate_pair(rows + t * width + i / half * 2 * half, c + t * half, s + t * half, way,
                      i % half, half);
        },
        rows, c, s, way, as_int(heads), half, width);
  });
}

at::Tensor swiglu(const at::Tensor& gate_up) {
  const int64_t T = gate_up.size(0);
  const int I = as_int(gate_up.size(1) / 2);
  at::Tensor out = at::empty({T, I}, gate_up.options());
  with_type(gate_up.scalar_type(), [&](auto type, const char* suffix) {
    using A = decltype(type);
    const A* const wide = at_start<A>(gate_up);
    A* const a = at_start<A>(out);
    each_element(
        gate_up, std::string("swiglu") + suffix, T, I,
        [=](int64_t t, int i) { swiglu_element(wide + 2 * t * I, a + t * I, i, I); }, wide, a, I);
  });
  return out;
}

at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& da) {
  const int64_t T = gate_up.size(0);
  const int I = as_int(gate_up.size(1) / 2);
  at::Tensor out = at::empty({T, I}, gate_up.options());
  with_type(gate_up.scalar_type(), [&](auto type, const char* suffix) {
    using A = decltype(type);
    A *const wide = at_start<A>(gate_up), *const a = at_start<A>(out);
    const A* const d = at_start<A>(da);
    each_element(
        gate_up, std::string("swiglu_backward") + suffix, T, I,
        [=](int64_t t, int i) {
          swiglu_backward_element(wide + 2 * t * I, d + t * I, a + t * I, i, I);
        },
        wide, d, a, I);
  });
  return out;
}

LossRows loss(at::Tensor& cosines, at::Tensor& likeness, const at::Tensor& positive_logit,
              const LossSettings& settings, const at::Tensor& logits) {
  const int64_t C = cosines.size(0);
  const int K = as_int(cosines.size(1));
  const auto numbers = [&](at::IntArrayRef shape) { return at::empty(shape, cosines.options()); };
  LossRows out{numbers({C, 1}), numbers({C, 1}), numbers({C}), numbers({C, 1})};
  auto *const c = at_start<float>(cosines), *const l = at_start<float>(likeness),
              *const written = at_start<float>(logits);
  const auto* const positive = at_start<float>(positive_logit);
  const auto scale = static_cast<float>(settings.scale),
             threshold = static_cast<float>(settings.threshold),
             weight = static_cast<float>(settings.weight);
  const LossRowOut rows{at_start<float>(out.best), at_start<float>(out.normaliser),
                        at_start<float>(out.masked), at_start<float>(out.temperature)};
  each_element(
      cosines, "loss_f32", C, 1,
      [=](int64_t r, int) {
        loss_row(
            OneLane(), c + r * K, l + r * K, positive[r], scale, threshold, weight, K,
            written == nullptr ? nullptr : written + r * K,
            LossRowOut{rows.best + r, rows.normaliser + r, rows.masked + r, rows.temperature + r});
      },
      c, l, positive, scale, threshold, weight, K, written, rows.best, rows.normaliser, rows.masked,
      rows.temperature);
  return out;
}

}  // namespace

const RowOps kRowKernels{norm,   add_norm, norm_again,      norm_backward,
                         rotate, swiglu,   swiglu_backward, loss};

}  // namespace lockstep
