// JavaScript as C++ sees it, in plain Node-API. No call throws one of Node-API's own exceptions: a
// thread that is ending refuses whatever could run JavaScript, an error included, and an exception
// that leaves such a thread ends the whole process.
#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>
#include <vector>

namespace lockstep {

// JavaScript cannot be reached: it has an exception of its own, or its thread is ending. Whatever a
// callback would say is lost, so it returns.
struct Unreachable {};

struct Memory {
  void* data;
  size_t bytes;
};

class JavaScript {
 public:
  explicit JavaScript(napi_env env) : env_(env) {}

  // Each throws std::invalid_argument where the value has another type; `what` names it.
  double number(napi_value value, const char* what) const;
  int64_t integer(napi_value value, const char* what) const;
  bool boolean(napi_value value, const char* what) const;
  std::string text(napi_value value, const char* what) const;
  std::vector<int64_t> integers(napi_value value, const char* what) const;
  // The same where entries may be null, which become `null_is`.
  std::vector<int64_t> integers_or_null(napi_value value, const char* what, int64_t null_is) const;
  // Of a typed array; it may be shared.
  Memory memory(napi_value value, const char* what) const;
  // Throws std::invalid_argument where there is none.
  napi_value property(napi_value object, const char* name) const;

  napi_value from(double value) const;
  napi_value from(const std::string& value) const;
  // Not an overload: it would be the better one for a text in quotes.
  napi_value from_boolean(bool value) const;
  napi_value array(size_t length) const;
  napi_value object() const;
  void set(napi_value array, size_t index, napi_value value) const;
  void set(napi_value object, const char* name, napi_value value) const;

  // The callback must return after it. `code` may be null.
  void raise(const std::string& message, const char* code) const noexcept;

 private:
  napi_valuetype type_of(napi_value value) const;
  void require_type(napi_value value, napi_valuetype wanted, const char* what) const;
  std::vector<napi_value> entries(napi_value value, const char* what) const;
  void require_list(napi_value value, bool is_list, const char* what, const char* wanted) const;

  napi_env env_;
};

// Throws Unreachable where JavaScript cannot be reached, std::runtime_error for any other failure.
void require_ok(napi_status status);

}  // namespace lockstep
