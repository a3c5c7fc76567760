// One call of a kernel as C++ sees it: input tensors, attributes, and the session.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "javascript.h"
#include "session.h"
#include "signature.h"

namespace lockstep {

class Call {
 public:
  // Throws std::out_of_range where an input was disposed of. One that is left out is undefined.
  Call(const JavaScript& js, Session& session, std::vector<Handle> handles, napi_value attributes);

  const at::Tensor& input(size_t index) const { return inputs_.at(index); }
  const std::vector<at::Tensor>& inputs() const { return inputs_; }
  Handle handle(size_t index) const { return handles_.at(index); }
  size_t count() const { return inputs_.size(); }
  Session& session() const { return session_; }

  // Attributes; a missing one is an error that names it: no default is decided on this side.
  double number(const char* name) const;
  int64_t integer(const char* name) const;
  bool boolean(const char* name) const;
  std::string text(const char* name) const;
  std::vector<int64_t> integers(const char* name) const;
  at::ScalarType dtype(const char* name) const;
  // Of activations and products: "f32" or "bf16".
  at::ScalarType precision(const char* name) const;

  // Shapes and types of the inputs, for messages.
  std::string describe() const;

 private:
  const JavaScript& js_;
  Session& session_;
  std::vector<Handle> handles_;
  // Held here: what a call reads stays while it runs.
  std::vector<at::Tensor> inputs_;
  napi_value attributes_;
};

at::ScalarType dtype_of(const std::string& name);

// What a kernel returns; `pullback`, where there is one, is kept with the first output.
struct Outputs {
  std::vector<at::Tensor> tensors;
  std::optional<Pullback> pullback;

  Outputs(at::Tensor tensor) : tensors{std::move(tensor)} {}            // NOLINT: kernels return one
  Outputs(std::vector<at::Tensor> list) : tensors(std::move(list)) {}   // NOLINT
  Outputs(at::Tensor tensor, Pullback kept)
      : tensors{std::move(tensor)}, pullback(std::move(kept)) {}
};

using Compute = std::function<Outputs(const Call&)>;

struct Kernel {
  Signature takes;
  Compute compute;
};

using Kernels = std::unordered_map<std::string, Kernel>;

void add_elementwise_kernels(Kernels& kernels);
void add_reduction_kernels(Kernels& kernels);
void add_shape_kernels(Kernels& kernels);
void add_indexing_kernels(Kernels& kernels);
void add_matmul_kernels(Kernels& kernels);
void add_decoder_layer_kernels(Kernels& kernels);
void add_info_nce_kernels(Kernels& kernels);
void add_transfer_kernels(Kernels& kernels);
void add_embedding_kernels(Kernels& kernels);

}  // namespace lockstep
