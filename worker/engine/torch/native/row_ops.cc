#include "row_ops.h"

#include <atomic>
#include <stdexcept>

#include "tiles.h"

namespace lockstep {

namespace {

std::atomic<HostPasses> host_passes = HostPasses::kBlocks;

}  // namespace

HostPasses host_passes_named(const std::string& name) {
  if (name == "blocks") return HostPasses::kBlocks;
  if (name == "loops") return HostPasses::kLoops;
  if (name == "kernels") return HostPasses::kKernels;
  if (name == "operations") return HostPasses::kOperations;
  throw std::invalid_argument("passes \"" + name +
                              "\" are not one of blocks, loops, kernels, operations");
}

void use_host_passes(HostPasses passes) { host_passes = passes; }

bool goes_by_blocks(const at::Tensor& x) {
  return x.is_cpu() && x.scalar_type() == at::kFloat && tiles() != nullptr &&
         host_passes == HostPasses::kBlocks;
}

const RowOps& row_ops(const at::Device& device) {
  if (!device.is_cpu() || host_passes == HostPasses::kKernels) {
    return row_kernels_are_usable(device) ? kRowKernels : kRowOperations;
  }
  return host_passes == HostPasses::kOperations ? kRowOperations : kRowLoops;
}

}  // namespace lockstep
