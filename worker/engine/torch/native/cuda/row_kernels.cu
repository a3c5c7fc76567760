// The kernels around row_kernels.h, which stands before this text when CUDA's run-time compiler
// reads it. row_ops_by_kernels.cc launches them: a row that is added up belongs to a warp, eight
// rows a block; one that is long or is not added up, to a block of 256 threads.

struct Warp {
  int lane = threadIdx.x;
  int lanes = 32;
  // In a tree whose shape is fixed, so that the bits are too.
  __device__ float sum(float value) const {
    for (int offset = 16; offset > 0; offset /= 2) {
      value += __shfl_xor_sync(0xffffffffu, value, offset);
    }
    return value;
  }
};

// Of one dimension, whole warps.
struct Block {
  int lane = threadIdx.x;
  int lanes = blockDim.x;
  __device__ float sum(float value) const {
    return over_warps(Warp().sum(value), [](float a, float b) { return a + b; });
  }
  __device__ float largest(float value) const {
    for (int offset = 16; offset > 0; offset /= 2) {
      const float other = __shfl_xor_sync(0xffffffffu, value, offset);
      value = other > value ? other : value;
    }
    return over_warps(value, [](float a, float b) { return b > a ? b : a; });
  }

 private:
  // Every thread goes over the warps' values in the same order.
  template <typename F>
  __device__ float over_warps(float value, const F& join) const {
    __shared__ float of_warp[32];
    if (lane % 32 == 0) of_warp[lane / 32] = value;
    __syncthreads();
    float all = of_warp[0];
    for (int warp = 1; warp < lanes / 32; warp++) all = join(all, of_warp[warp]);
    // Before anyone writes the next values.
    __syncthreads();
    return all;
  }
};

__device__ inline long long row_of_warp() {
  return static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y;
}

__device__ inline long long row_of_block() { return blockIdx.x; }

extern "C" __global__ void loss_f32(float* cosines, float* likeness, const float* positive_logit,
                                    float scale, float threshold, float weight, int K,
                                    float* logits, float* best, float* normaliser, float* masked,
                                    float* temperature) {
  const long long r = row_of_block();
  loss_row(Block(), cosines + r * K, likeness + r * K, positive_logit[r], scale, threshold, weight,
           K, logits == nullptr ? nullptr : logits + r * K,
           LossRowOut{best + r, normaliser + r, masked + r, temperature + r});
}

#define LOCKSTEP_KERNELS(A, type)                                                                  \
  extern "C" __global__ void norm_##type(const float* x, const float* weight, float eps, A* n,     \
                                         float* scales, long long T, int H) {                      \
    const long long t = row_of_warp();                                                             \
    if (t < T) norm_row(Warp(), x + t * H, weight, eps, n + t * H, scales + t, H);                 \
  }                                                                                                \
  extern "C" __global__ void add_norm_##type(const float* x, const A* branch, const float* weight, \
                                             float eps, float* sum, A* n, float* scales,           \
                                             long long T, int H) {                                 \
    const long long t = row_of_warp();                                                             \
    if (t >= T) return;                                                                            \
    add_norm_row(Warp(), x + t * H, branch + t * H, weight, eps, sum + t * H, n + t * H,           \
                 scales + t, H);                                                                   \
  }                                                                                                \
  extern "C" __global__ void norm_again_##type(const float* x, const float* weight,                \
                                               const float* scales, A* n, long long T, int H) {    \
    const long long t = row_of_warp();                                                             \
    if (t < T) norm_again_row(Warp(), x + t * H, weight, scales[t], n + t * H, H);                 \
  }                                                                                                \
  extern "C" __global__ void norm_backward_##type(                                                 \
      const float* x, const float* weight, const float* scales, const A* dn,                       \
      const float* residual, float* dx, long long T, int H) {                                      \
    const long long t = row_of_warp();                                                             \
    if (t >= T) return;                                                                            \
    const float* const rest = residual == nullptr ? nullptr : residual + t * H;                    \
    norm_backward_row(Warp(), x + t * H, weight, scales[t], dn + t * H, rest, dx + t * H, H);      \
  }                                                                                                \
  extern "C" __global__ void norm_weight_##type(const float* x, const float* scales, const A* dn,  \
                                                float* shares, long long T, int H, int rows) {     \
    const long long first = row_of_block() * rows;                                                 \
    const long long end = first + rows < T ? first + rows : T;                                     \
    for (int i = threadIdx.x; i < H; i += blockDim.x) {                                            \
      shares[row_of_block() * H + i] = norm_weight_share(x, scales, dn, first, end, i, H);         \
    }                                                                                              \
  }                                                                                                \
  extern "C" __global__ void rotate_##type(A* x, const float* cos, const float* sin,               \
                                           float direction, int heads, int half, int width) {      \
    const long long t = row_of_block();                                                            \
    for (int i = threadIdx.x; i < heads * half; i += blockDim.x) {                                 \
      A* const head = x + t * width + i / half * 2 * half;                                         \
      rotate_pair(head, cos + t * half, sin + t * half, direction, i % half, half);                \
    }                                                                                              \
  }                                                                                                \
  extern "C" __global__ void swiglu_##type(const A* gate_up, A* a, int I) {                        \
    const long long t = row_of_block();                                                            \
    for (int i = threadIdx.x; i < I; i += blockDim.x) {                                            \
      swiglu_element(gate_up + 2 * t * I, a + t * I, i, I);                                        \
    }                                                                                              \
  }                                                                                                \
  extern "C" __global__ void swiglu_backward_##type(A* gate_up, const A* da, A* a, int I) {        \
    const long long t = row_of_block();                                                            \
    for (int i = threadIdx.x; i < I; i += blockDim.x) {                                            \
      swiglu_backward_element(gate_up + 2 * t * I, da + t * I, a + t * I, i, I);                   \
    }                                                                                              \
  }

LOCKSTEP_KERNELS(float, f32)
LOCKSTEP_KERNELS(Low, bf16)
