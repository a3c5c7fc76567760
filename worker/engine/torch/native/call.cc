#include "call.h"

#include <sstream>
#include <stdexcept>

namespace lockstep {

Call::Call(const JavaScript& js, Session& session, std::vector<Handle> handles,
           napi_value attributes)
    : js_(js), session_(session), handles_(std::move(handles)), attributes_(attributes) {
  inputs_.reserve(handles_.size());
  for (const Handle handle : handles_) {
    inputs_.push_back(handle == kNone ? at::Tensor() : session_.get(handle));
  }
}

double Call::number(const char* name) const {
  return js_.number(js_.property(attributes_, name), name);
}

int64_t Call::integer(const char* name) const {
  return js_.integer(js_.property(attributes_, name), name);
}

bool Call::boolean(const char* name) const {
  return js_.boolean(js_.property(attributes_, name), name);
}

std::string Call::text(const char* name) const {
  return js_.text(js_.property(attributes_, name), name);
}

std::vector<int64_t> Call::integers(const char* name) const {
  return js_.integers(js_.property(attributes_, name), name);
}

at::ScalarType Call::dtype(const char* name) const {
  return dtype_of(text(name));
}

at::ScalarType Call::precision(const char* name) const {
  const std::string given = text(name);
  if (given == "f32") return at::kFloat;
  if (given == "bf16") return at::kBFloat16;
  throw std::invalid_argument("the precision \"" + given + "\" is not one of f32, bf16");
}

std::string Call::describe() const {
  std::ostringstream text;
  for (size_t i = 0; i < inputs_.size(); i++) {
    text << (i == 0 ? "" : ", ");
    if (!inputs_[i].defined()) text << "nothing";
    else text << dtype_name(inputs_[i].scalar_type()) << ' ' << inputs_[i].sizes();
  }
  return text.str();
}

at::ScalarType dtype_of(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "int32") return at::kInt;
  if (name == "bool") return at::kBool;
  throw std::invalid_argument("the type \"" + name + "\" is not one of float32, int32, bool");
}

}  // namespace lockstep
