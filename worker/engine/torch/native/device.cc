#include "device.h"

#include <ATen/Parallel.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <cstring>

namespace lockstep {

at::Device open_device(const DeviceOptions& options) {
  at::set_num_threads(options.threads);
  at::globalContext().setDeterministicAlgorithms(options.deterministic, /*warn_only=*/false);
  // Filling what is about to be overwritten would cost a pass over memory for each tensor.
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  at::globalContext().setAllowTF32CuBLAS(options.tf32);
  return at::hasCUDA() ? at::Device(at::kCUDA, 0) : at::Device(at::kCPU);
}

at::Tensor to_device(const void* data, at::IntArrayRef shape, at::ScalarType type,
                     const at::Device& device) {
  const bool pinned = !device.is_cpu();
  at::Tensor host = at::empty(shape, at::TensorOptions().dtype(type).pinned_memory(pinned));
  if (host.nbytes() > 0) std::memcpy(host.data_ptr(), data, host.nbytes());
  return device.is_cpu() ? host : host.to(device, /*non_blocking=*/true);
}

at::Tensor to_host(const at::Tensor& tensor) {
  if (tensor.is_cpu()) return tensor.contiguous();
  at::Tensor host = at::empty(tensor.sizes(), tensor.options().device(at::kCPU).pinned_memory(true));
  host.copy_(tensor, /*non_blocking=*/true);
  return host;
}

void wait_for_device(const at::Device& device) {
  if (device.is_cpu()) return;
  const c10::impl::VirtualGuardImpl guard(device.type());
  guard.synchronizeStream(guard.getStream(device));
}

}  // namespace lockstep
