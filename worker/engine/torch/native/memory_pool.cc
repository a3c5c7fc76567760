#include "memory_pool.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <sstream>
#include <unordered_map>

namespace lockstep {

namespace {

// Smaller blocks are libtorch's: malloc does not give them back to the system each time.
constexpr size_t kLeastPooled = size_t{256} << 10;
// Of blocks; sums inside matrix products depend on the alignment of their operands.
constexpr size_t kAlignment = size_t{4} << 10;
// Memory comes from the system in segments of at least this size, on huge pages.
constexpr size_t kSegment = size_t{64} << 20;
constexpr size_t kHugePage = size_t{2} << 20;

std::string bytes_text(size_t bytes) {
  std::ostringstream text;
  text << (bytes >> 20) << " MiB";
  return text.str();
}

constexpr size_t rounded_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// A part of a segment; its neighbours in memory are neighbours in the list.
struct Block {
  char* data;
  size_t size;
  bool idle = true;
  Block* before = nullptr;
  Block* after = nullptr;

  bool is_segment() const { return before == nullptr && after == nullptr; }
};

// Best fit, with blocks split when they are taken and joined when they come back.
class MemoryPool final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* data = bytes < kLeastPooled ? c10::alloc_cpu(bytes) : take(bytes);
    return {data, data, &give_back, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    std::memcpy(to, from, bytes);
  }

  HostMemory memory() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {static_cast<int64_t>(live_), static_cast<int64_t>(peak_)};
  }

 private:
  using Sized = std::pair<size_t, char*>;

  static void give_back(void* data);

  void* take(size_t bytes) {
    const size_t size = rounded_up(bytes, kAlignment);
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = idle_.lower_bound({size, nullptr});
    Block* const block = found == idle_.end() ? new_segment(size) : found->second;
    idle_.erase({block->size, block->data});
    split(block, size);
    block->idle = false;
    live_ += size;
    peak_ = std::max(peak_, live_);
    taken_[block->data] = block;
    return block->data;
  }

  bool put(void* data) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = taken_.find(data);
    if (found == taken_.end()) return false;
    Block* block = found->second;
    taken_.erase(found);
    live_ -= block->size;
    block->idle = true;
    if (block->after != nullptr && block->after->idle) join(block, block->after);
    if (block->before != nullptr && block->before->idle) {
      block = block->before;
      idle_.erase({block->size, block->data});
      join(block, block->after, /*listed=*/false);
    }
    idle_.emplace(Sized{block->size, block->data}, block);
    return true;
  }

  // What lies idle in whole segments goes back first where it is more than a quarter of the peak.
  Block* new_segment(size_t size) {
    const size_t wanted = rounded_up(std::max(size, kSegment), kHugePage);
    const size_t most = std::max(peak_, live_ + size);
    for (auto each = idle_.begin(); each != idle_.end();) {
      Block* const block = each->second;
      const bool spare = held_ + wanted > most + most / 4 + kSegment;
      if (!spare || !block->is_segment()) {
        ++each;
        continue;
      }
      each = idle_.erase(each);
      held_ -= block->size;
      std::free(block->data);
      delete block;
    }
    auto* const data = static_cast<char*>(std::aligned_alloc(kHugePage, wanted));
    if (data == nullptr) {
      TORCH_CHECK_WITH(OutOfMemoryError, false, "out of memory: ", bytes_text(size),
                       " asked for, ", bytes_text(live_), " in use");
    }
    madvise(data, wanted, MADV_HUGEPAGE);
    held_ += wanted;
    auto* const block = new Block{data, wanted};
    idle_.emplace(Sized{wanted, data}, block);
    return block;
  }

  void split(Block* block, size_t size) {
    if (block->size == size) return;
    auto* const rest = new Block{block->data + size, block->size - size};
    rest->before = block;
    rest->after = block->after;
    if (rest->after != nullptr) rest->after->before = rest;
    block->after = rest;
    block->size = size;
    idle_.emplace(Sized{rest->size, rest->data}, rest);
  }

  // `block` takes over its idle neighbour.
  void join(Block* block, Block* next, bool listed = true) {
    if (listed) idle_.erase({next->size, next->data});
    block->size += next->size;
    block->after = next->after;
    if (block->after != nullptr) block->after->before = block;
    delete next;
  }

  std::mutex mutex_;
  std::map<Sized, Block*> idle_;
  std::unordered_map<void*, Block*> taken_;
  size_t held_ = 0;  // bytes of all segments
  size_t live_ = 0;
  size_t peak_ = 0;
};

// Never destroyed: tensors may outlive everything else in the process.
MemoryPool& pool() {
  static auto* const only = new MemoryPool();
  return *only;
}

void MemoryPool::give_back(void* data) {
  if (data != nullptr && !pool().put(data)) c10::free_cpu(data);
}

}  // namespace

void use_memory_pool() {
  static const bool installed = [] {
    // libtorch's own allocator has priority 0.
    c10::SetCPUAllocator(&pool(), 1);
    return true;
  }();
  static_cast<void>(installed);
}

HostMemory host_memory() { return pool().memory(); }

}  // namespace lockstep
