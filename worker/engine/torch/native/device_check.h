// A faster way on a device is compared there, once, with libtorch's plain operations before it is
// used.
#pragma once

#include <ATen/ATen.h>

#include <cstdio>
#include <stdexcept>
#include <string>

namespace lockstep {

// Numbers in [-1, 1] that look random and are the same each time. [rows, width]
inline at::Tensor numbers_to_compare(int64_t rows, int64_t width, double slope,
                                     const at::Device& device) {
  const at::Tensor flat = at::arange(rows * width, at::TensorOptions(at::kFloat));
  return at::sin(flat * slope).reshape({rows, width}).to(device);
}

// Throws std::runtime_error unless they are as near as bfloat16 lets them be.
inline void require_near(const at::Tensor& got, const at::Tensor& expected, const char* what) {
  if (at::allclose(got.to(at::kFloat), expected.to(at::kFloat), /*rtol=*/0.03, /*atol=*/0.03))
    return;
  throw std::runtime_error(std::string(what) + " is not what libtorch's plain operations give");
}

// Whether `compare` passes; where it throws, a line on standard error says why and what is done
// instead.
template <typename F>
bool passes_on_device(const char* instead, const F& compare) {
  try {
    compare();
    return true;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "lockstep: %s: %s\n", instead, error.what());
    return false;
  }
}

}  // namespace lockstep
