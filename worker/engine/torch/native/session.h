// The tensors of one JavaScript thread, by handle. A handle is a number that is never used again,
// so a stale one is an error and not somebody else's tensor.
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace lockstep {

using Handle = int64_t;

// What the backward of a fused layer needs: its output with libtorch's autograd graph, and the
// inputs that have gradients, in the order in which their gradients are returned.
struct Graph {
  at::Tensor output;
  std::vector<at::Tensor> inputs;
};

class Session {
 public:
  Handle add(at::Tensor tensor);
  // Throws std::out_of_range for a handle that was disposed of.
  const at::Tensor& get(Handle handle) const;
  void dispose(Handle handle);

  // The graph belongs to the tensor behind `handle` and ends with it.
  void keep_graph(Handle handle, Graph graph);
  Graph take_graph(Handle handle);

  size_t tensors() const { return tensors_.size(); }
  size_t graphs() const { return graphs_.size(); }
  // Tensors that share memory are counted once each.
  int64_t bytes() const { return bytes_; }

 private:
  Handle next_ = 1;
  int64_t bytes_ = 0;
  std::unordered_map<Handle, at::Tensor> tensors_;
  std::unordered_map<Handle, Graph> graphs_;
};

}  // namespace lockstep
