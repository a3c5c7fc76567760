// Where tensors live and how strictly libtorch computes; set once for the process.
#pragma once

#include <ATen/ATen.h>

namespace lockstep {

struct DeviceOptions {
  int threads;
  // Only kernels that give the same bits again; libtorch throws where it has none.
  bool deterministic;
  // Products of float32 matrices with operands rounded to 10 bits, where the device has them.
  bool tf32;
};

// The first CUDA device that CUDA_VISIBLE_DEVICES leaves, where libtorch has CUDA; else the CPU.
at::Device open_device(const DeviceOptions& options);

// A copy on the device. Host memory is pinned for it, so that the copy need not be waited for.
at::Tensor to_device(const void* data, at::IntArrayRef shape, at::ScalarType type,
                     const at::Device& device);

// A copy on the host that may still be on its way: wait_for_device before reading it.
at::Tensor to_host(const at::Tensor& tensor);

void wait_for_device(const at::Device& device);

}  // namespace lockstep
