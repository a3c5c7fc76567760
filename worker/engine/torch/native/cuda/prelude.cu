// What row_kernels.h asks its includer for, on a device.
#define LOCKSTEP_BODY __device__
__device__ inline unsigned int bits_of(float x) { return __float_as_uint(x); }
__device__ inline float float_of(unsigned int bits) { return __uint_as_float(bits); }
__device__ inline float exp_of(float x) { return expf(x); }
__device__ inline float log_of(float x) { return logf(x); }
__device__ inline float root_of(float x) { return sqrtf(x); }
