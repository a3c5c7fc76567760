#include <ATen/Parallel.h>

#include <algorithm>

#include "row_loops.h"
#include "row_ops.h"

namespace lockstep {

namespace {

// Rows whose contributions to a weight's gradient are added up before the blocks are.
constexpr int64_t kBlock = 128;
constexpr int64_t kGrain = 32;

template <typename A>
const A* from(const at::Tensor& x) {
  return static_cast<const A*>(x.const_data_ptr());
}

template <typename A>
A* to(at::Tensor& x) {
  return static_cast<A*>(x.data_ptr());
}

// Calls f with a value of the activations' type.
template <typename F>
void with_type(at::ScalarType type, const F& f) {
  if (type == at::kFloat) {
    f(float{});
  } else if (type == at::kBFloat16) {
    f(Bfloat16{});
  } else {
    throw std::invalid_argument("activations must be float32 or bfloat16");
  }
}

// Calls f(loops, t) for every row, rows shared among the threads.
template <typename F>
void each_row(at::ScalarType type, int64_t T, const F& f) {
  with_type(type, [&](auto a) {
    const auto& loops = row_loops<decltype(a)>();
    at::parallel_for(0, T, kGrain, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; t++) f(loops, t);
    });
  });
}

Normed norm(const at::Tensor& x, const at::Tensor& weight, double eps, at::ScalarType type) {
  const int64_t T = x.size(0), H = x.size(1);
  at::Tensor n = at::empty({T, H}, x.options().dtype(type));
  at::Tensor scales = at::empty({T}, x.options());
  each_row(type, T, [&]<typename A>(const RowLoops<A>& loops, int64_t t) {
    to<float>(scales)[t] = loops.norm(from<float>(x) + t * H, from<float>(weight),
                                      static_cast<float>(eps), to<A>(n) + t * H, H);
  });
  return {n, scales};
}

Normed add_norm(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& weight, double eps,
                at::Tensor& sum) {
  const int64_t T = x.size(0), H = x.size(1);
  sum = at::empty({T, H}, x.options());
  at::Tensor n = at::empty({T, H}, branch.options());
  at::Tensor scales = at::empty({T}, x.options());
  each_row(branch.scalar_type(), T, [&]<typename A>(const RowLoops<A>& loops, int64_t t) {
    to<float>(scales)[t] =
        loops.add_norm(from<float>(x) + t * H, from<A>(branch) + t * H, from<float>(weight),
                       static_cast<float>(eps), to<float>(sum) + t * H, to<A>(n) + t * H, H);
  });
  return {n, scales};
}

at::Tensor norm_again(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                      at::ScalarType type) {
  const int64_t T = x.size(0), H = x.size(1);
  at::Tensor n = at::empty({T, H}, x.options().dtype(type));
  each_row(type, T, [&]<typename A>(const RowLoops<A>& loops, int64_t t) {
    loops.norm_again(from<float>(x) + t * H, from<float>(weight), from<float>(scales)[t],
                     to<A>(n) + t * H, H);
  });
  return n;
}

NormGradients norm_backward(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& scales,
                            const at::Tensor& dn, const at::Tensor& residual) {
  const int64_t T = x.size(0), H = x.size(1);
  const int64_t blocks = (T + kBlock - 1) / kBlock;
  at::Tensor dx = at::empty({T, H}, x.options());
  at::Tensor partial = at::zeros({blocks, H}, x.options());
  with_type(dn.scalar_type(), [&](auto a) {
    using A = decltype(a);
    const RowLoops<A>& loops = row_loops<A>();
    at::parallel_for(0, blocks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t block = begin; block < end; block++) {
        for (int64_t t = block * kBlock; t < std::min(T, (block + 1) * kBlock); t++) {
          const float* rest = residual.defined() ? from<float>(residual) + t * H : nullptr;
          loops.norm_backward(from<float>(x) + t * H, from<float>(weight), from<float>(scales)[t],
                              from<A>(dn) + t * H, rest, to<float>(dx) + t * H,
                              to<float>(partial) + block * H, H);
        }
      }
    });
  });
  at::Tensor dweight = at::zeros({H}, x.options());
  for (int64_t block = 0; block < blocks; block++) {
    for (int64_t i = 0; i < H; i++) to<float>(dweight)[i] += from<float>(partial)[block * H + i];
  }
  return {dx, dweight};
}

void rotate(at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin, int64_t heads,
            int direction) {
  const int64_t T = x.size(0), D = 2 * cos.size(1);
  const int64_t width = x.size(1);
  each_row(x.scalar_type(), T, [&]<typename A>(const RowLoops<A>& loops, int64_t t) {
    for (int64_t head = 0; head < heads; head++) {
      loops.rotate(to<A>(x) + t * width + head * D, from<float>(cos) + t * D / 2,
                   from<float>(sin) + t * D / 2, static_cast<float>(direction), D);
    }
  });
}

at::Tensor swiglu(const at::Tensor& gate_up) {
  const int64_t T = gate_up.size(0), I = gate_up.size(1) / 2;
  at::Tensor out = at::empty({T, I}, gate_up.options());
  each_row(gate_up.scalar_type(), T, [&]<typename A>(const RowLoops<A>& loops, int64_t t) {
    loops.swiglu(from<A>(gate_up) + 2 * t * I, to<A>(out) + t * I, I);
  });
  return out;
}

at::Tensor swiglu_backward(at::Tensor& gate_up, const at::Tensor& da) {
  const int64_t T = gate_up.size(0), I = gate_up.size(1) / 2;
  at::Tensor out = at::empty({T, I}, gate_up.options());
  each_row(gate_up.scalar_type(), T, [&]<typename A>(const RowLoops<A>& loops, int64_t t) {
    loops.swiglu_backward(to<A>(gate_up) + 2 * t * I, from<A>(da) + t * I, to<A>(out) + t * I, I);
  });
  return out;
}

LossRows loss(at::Tensor& cosines, at::Tensor& likeness, const at::Tensor& positive_logit,
              const LossSettings& settings, const at::Tensor& logits) {
  const int64_t C = cosines.size(0), K = cosines.size(1);
  const LossRowSettings of_row{static_cast<float>(settings.scale),
                               static_cast<float>(settings.threshold),
                               static_cast<float>(settings.weight)};
  const auto numbers = [&](at::IntArrayRef shape) { return at::empty(shape, cosines.options()); };
  LossRows out{numbers({C, 1}), numbers({C, 1}), numbers({C}), numbers({C, 1})};
  each_row(at::kFloat, C, [&]<typename A>(const RowLoops<A>& loops, int64_t r) {
    const LossRow row = loops.loss(to<float>(cosines) + r * K, to<float>(likeness) + r * K,
                                   from<float>(positive_logit)[r], of_row, K,
                                   logits.defined() ? logits.data_ptr<float>() + r * K : nullptr);
    to<float>(out.best)[r] = row.best;
    to<float>(out.normaliser)[r] = row.normaliser;
    to<float>(out.masked)[r] = row.masked;
    to<float>(out.temperature)[r] = row.temperature;
  });
  return out;
}

}  // namespace

const RowOps kRowLoops{norm,   add_norm, norm_again,      norm_backward,
                       rotate, swiglu,   swiglu_backward, loss};

}  // namespace lockstep
