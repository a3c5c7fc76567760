#include "session.h"

#include <stdexcept>
#include <string>

namespace lockstep {

namespace {
int64_t size_of(const at::Tensor& tensor) { return static_cast<int64_t>(tensor.nbytes()); }
}  // namespace

Handle Session::add(at::Tensor tensor) {
  const Handle handle = next_++;
  bytes_ += size_of(tensor);
  tensors_.emplace(handle, std::move(tensor));
  return handle;
}

const at::Tensor& Session::get(Handle handle) const {
  const auto found = tensors_.find(handle);
  if (found == tensors_.end()) {
    throw std::out_of_range("tensor " + std::to_string(handle) + " was disposed of");
  }
  return found->second;
}

void Session::dispose(Handle handle) {
  const auto found = tensors_.find(handle);
  if (found == tensors_.end()) return;
  bytes_ -= size_of(found->second);
  tensors_.erase(found);
  graphs_.erase(handle);
}

void Session::keep_graph(Handle handle, Graph graph) { graphs_[handle] = std::move(graph); }

Graph Session::take_graph(Handle handle) {
  const auto found = graphs_.find(handle);
  if (found == graphs_.end()) {
    throw std::out_of_range("tensor " + std::to_string(handle) +
                            " has no graph: it was made without one, or its backward has run");
  }
  Graph graph = std::move(found->second);
  graphs_.erase(found);
  return graph;
}

}  // namespace lockstep
