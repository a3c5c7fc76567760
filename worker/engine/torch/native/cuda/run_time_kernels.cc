#include "run_time_kernels.h"

#include <dlfcn.h>

#include <stdexcept>
#include <vector>

namespace lockstep {

namespace {

// The functions of CUDA's run-time compiler and driver. Declared here and not by CUDA's headers,
// which would have to be installed. All of them return zero where they succeed; handles are
// pointers.
struct Cuda {
  int (*create)(void** program, const char* text, const char* name, int, const char* const*,
                const char* const*);
  int (*compile)(void* program, int options, const char* const* option);
  int (*log_size)(void* program, size_t* size);
  int (*log)(void* program, char* text);
  int (*binary_size)(void* program, size_t* size);
  int (*binary)(void* program, char* binary);
  int (*destroy)(void** program);

  int (*current_device)(int* device);
  int (*attribute)(int* value, int attribute, int device);
  int (*load)(void** module, const void* binary);
  int (*function)(void** function, void* module, const char* name);
  int (*launch)(void* function, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,
                unsigned shared_bytes, void* stream, void** arguments, void** extra);
  int (*error_name)(int error, const char** name);
};

template <typename F>
void find(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  if (function == nullptr) throw std::runtime_error(std::string(name) + " was not found");
}

const Cuda& cuda() {
  static const Cuda found = [] {
    // libtorch's own way to both: it depends on them, so that a search in it reaches their
    // functions. It lies beside the libraries that the addon is linked with.
    constexpr const char* kName = "libcaffe2_nvrtc.so";
    void* const library = dlopen(kName, RTLD_LAZY);
    if (library == nullptr) throw std::runtime_error(std::string(kName) + " cannot be loaded");
    Cuda c;
    find(library, "nvrtcCreateProgram", c.create);
    find(library, "nvrtcCompileProgram", c.compile);
    find(library, "nvrtcGetProgramLogSize", c.log_size);
    find(library, "nvrtcGetProgramLog", c.log);
    find(library, "nvrtcGetCUBINSize", c.binary_size);
    find(library, "nvrtcGetCUBIN", c.binary);
    find(library, "nvrtcDestroyProgram", c.destroy);
    find(library, "cuCtxGetDevice", c.current_device);
    find(library, "cuDeviceGetAttribute", c.attribute);
    find(library, "cuModuleLoadData", c.load);
    find(library, "cuModuleGetFunction", c.function);
    find(library, "cuLaunchKernel", c.launch);
    find(library, "cuGetErrorName", c.error_name);
    return c;
  }();
  return found;
}

void require(int error, const std::string& what) {
  if (error == 0) return;
  const char* name = nullptr;
  cuda().error_name(error, &name);
  throw std::runtime_error("cannot " + what + ": " + (name == nullptr ? "unknown error" : name));
}

// "sm_90"
std::string architecture() {
  constexpr int kMajor = 75, kMinor = 76;
  int device = 0, major = 0, minor = 0;
  require(cuda().current_device(&device), "find the current device");
  require(cuda().attribute(&major, kMajor, device), "ask for the device's generation");
  require(cuda().attribute(&minor, kMinor, device), "ask for the device's generation");
  return "sm_" + std::to_string(major) + std::to_string(minor);
}

std::vector<char> compiled(const std::string& text) {
  const Cuda& c = cuda();
  void* program = nullptr;
  if (c.create(&program, text.c_str(), "row_kernels.cu", 0, nullptr, nullptr) != 0) {
    throw std::runtime_error("the run-time compiler did not start");
  }
  const std::string target = "--gpu-architecture=" + architecture();
  const std::array<const char*, 2> options{target.c_str(), "--std=c++17"};
  const int error = c.compile(program, static_cast<int>(options.size()), options.data());
  size_t size = 0;
  std::vector<char> binary;
  if (error == 0 && c.binary_size(program, &size) == 0) {
    binary.resize(size);
    c.binary(program, binary.data());
  } else {
    c.log_size(program, &size);
    std::string log(size, '\0');
    c.log(program, log.data());
    c.destroy(&program);
    throw std::runtime_error("the kernels do not compile for " + target + ": " + log);
  }
  c.destroy(&program);
  return binary;
}

}  // namespace

RunTimeKernels::RunTimeKernels(const std::string& text) {
  const std::vector<char> binary = compiled(text);
  require(cuda().load(&module_, binary.data()), "load the kernels");
}

void RunTimeKernels::launch_with(const std::string& name, const LaunchShape& shape,
                                 void** arguments) {
  void*& function = functions_[name];
  if (function == nullptr) {
    require(cuda().function(&function, module_, name.c_str()), "find the kernel " + name);
  }
  // The addon sets no stream, so libtorch's is the device's default one.
  require(cuda().launch(function, static_cast<unsigned>(shape.blocks), 1, 1, shape.threads_x,
                        shape.threads_y, 1, 0, nullptr, arguments, nullptr),
          "launch the kernel " + name);
}

}  // namespace lockstep
