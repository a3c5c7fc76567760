// Kernels that CUDA's run-time compiler makes of a text, for the device that is there: so the addon
// is built without CUDA, against whatever libtorch is installed. The compiler and the driver are
// those that libtorch has loaded.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace lockstep {

struct LaunchShape {
  int64_t blocks;
  unsigned threads_x, threads_y;
};

class RunTimeKernels {
 public:
  // Throws std::runtime_error where there is no compiler or driver, or the text is wrong.
  explicit RunTimeKernels(const std::string& text);

  // On libtorch's stream. Arguments must have exactly the types of the kernel's parameters.
  template <typename... Args>
  void launch(const std::string& name, const LaunchShape& shape, Args... args) {
    std::array<void*, sizeof...(Args)> pointers{static_cast<void*>(&args)...};
    launch_with(name, shape, pointers.data());
  }

 private:
  void launch_with(const std::string& name, const LaunchShape& shape, void** arguments);

  void* module_ = nullptr;
  std::unordered_map<std::string, void*> functions_;
};

}  // namespace lockstep
