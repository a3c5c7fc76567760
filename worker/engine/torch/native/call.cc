#include "call.h"

#include <sstream>
#include <stdexcept>

namespace lockstep {

Call::Call(Session& session, std::vector<Handle> handles, Napi::Object attributes)
    : session_(session), handles_(std::move(handles)), attributes_(attributes) {}

std::vector<at::Tensor> Call::inputs() const {
  std::vector<at::Tensor> all;
  all.reserve(handles_.size());
  for (const Handle handle : handles_) all.push_back(session_.get(handle));
  return all;
}

Napi::Value Call::attribute(const char* name) const {
  const Napi::Value value = attributes_.Get(name);
  if (value.IsUndefined()) {
    throw std::invalid_argument(std::string("the attribute \"") + name + "\" is missing");
  }
  return value;
}

double Call::number(const char* name) const {
  return attribute(name).As<Napi::Number>().DoubleValue();
}

bool Call::boolean(const char* name) const {
  return attribute(name).As<Napi::Boolean>().Value();
}

std::string Call::text(const char* name) const {
  return attribute(name).As<Napi::String>().Utf8Value();
}

std::vector<int64_t> Call::integers(const char* name) const {
  const auto array = attribute(name).As<Napi::Array>();
  std::vector<int64_t> values(array.Length());
  for (uint32_t i = 0; i < array.Length(); i++) {
    values[i] = array.Get(i).As<Napi::Number>().Int64Value();
  }
  return values;
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
  for (size_t i = 0; i < handles_.size(); i++) {
    const at::Tensor& tensor = session_.get(handles_[i]);
    text << (i == 0 ? "" : ", ") << dtype_name(tensor.scalar_type()) << ' ' << tensor.sizes();
  }
  return text.str();
}

at::ScalarType dtype_of(const std::string& name) {
  if (name == "float32") return at::kFloat;
  if (name == "int32") return at::kInt;
  if (name == "bool") return at::kBool;
  throw std::invalid_argument("the type \"" + name + "\" is not one of float32, int32, bool");
}

std::string dtype_name(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat: return "float32";
    case at::kInt: return "int32";
    case at::kBool: return "bool";
    default: return at::toString(dtype);
  }
}

}  // namespace lockstep
