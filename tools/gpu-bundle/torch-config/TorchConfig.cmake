# Stands in for PyTorch's own file where that fails: it asks for CUDA's compiler and its libraries,
# which the addon does not need, since none of its sources is CUDA and libtorch brings the rest.
#   cmake -DTorch_DIR=<this folder> -DTORCH_INSTALL_PREFIX=<site-packages>/torch
add_library(torch_without_cuda_compiler INTERFACE)
target_include_directories(torch_without_cuda_compiler SYSTEM INTERFACE
  "${TORCH_INSTALL_PREFIX}/include"
  "${TORCH_INSTALL_PREFIX}/include/torch/csrc/api/include")
# Nothing refers to the CUDA half: it registers itself when it is loaded.
file(GLOB cuda_half "${TORCH_INSTALL_PREFIX}/lib/libtorch_cuda.so"
  "${TORCH_INSTALL_PREFIX}/lib/libc10_cuda.so")
target_link_libraries(torch_without_cuda_compiler INTERFACE
  -Wl,--no-as-needed
  "${TORCH_INSTALL_PREFIX}/lib/libtorch.so"
  "${TORCH_INSTALL_PREFIX}/lib/libtorch_cpu.so"
  "${TORCH_INSTALL_PREFIX}/lib/libc10.so"
  ${cuda_half})
set(TORCH_LIBRARIES torch_without_cuda_compiler)
set(Torch_FOUND TRUE)
