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
  pullbacks_.erase(handle);
}

void Session::keep_pullback(Handle handle, Pullback pullback) {
  pullbacks_[handle] = std::move(pullback);
}

Pullback Session::take_pullback(Handle handle) {
  const auto found = pullbacks_.find(handle);
  if (found == pullbacks_.end()) {
    throw std::out_of_range("tensor " + std::to_string(handle) +
                            " has no backward: it was made without one, or it has run");
  }
  Pullback pullback = std::move(found->second);
  pullbacks_.erase(found);
  return pullback;
}

}  // namespace lockstep
