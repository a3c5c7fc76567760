// The tensors of one JavaScript thread, by handle. A handle is a number that is never used again,
// so a stale one is an error and not somebody else's tensor.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

namespace lockstep {

using Handle = int64_t;
// Stands where an input is left out.
constexpr Handle kNone = 0;

// The backward of a fused kernel with what it kept of its forward: from the gradient of the output
// to those of the inputs. Runs once.
using Pullback = std::function<std::vector<at::Tensor>(const at::Tensor&)>;

class Session {
 public:
  at::Device device = at::kCPU;

  Handle add(at::Tensor tensor);
  // Throws std::out_of_range for a handle that was disposed of.
  const at::Tensor& get(Handle handle) const;
  void dispose(Handle handle);

  // The pullback belongs to the tensor behind `handle` and ends with it.
  void keep_pullback(Handle handle, Pullback pullback);
  Pullback take_pullback(Handle handle);

  size_t tensors() const { return tensors_.size(); }
  size_t pullbacks() const { return pullbacks_.size(); }
  // Tensors that share memory are counted once each.
  int64_t bytes() const { return bytes_; }

 private:
  Handle next_ = 1;
  int64_t bytes_ = 0;
  std::unordered_map<Handle, at::Tensor> tensors_;
  std::unordered_map<Handle, Pullback> pullbacks_;
};

}  // namespace lockstep
