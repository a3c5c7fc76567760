// Host memory for tensors. A step asks for the same large blocks again and again; taken from the
// system each time, they cost more in page faults than some of the products that fill them.
#pragma once

#include <cstdint>

namespace lockstep {

// Makes the pool libtorch's allocator of host memory, for the whole process. Again does nothing.
void use_memory_pool();

struct HostMemory {
  int64_t live;  // bytes of tensors' blocks now
  int64_t peak;  // the most that `live` has been
};

HostMemory host_memory();

}  // namespace lockstep
