#include "javascript.h"

#include <cmath>
#include <sstream>
#include <stdexcept>

namespace lockstep {

namespace {

const char* name_of(napi_valuetype type) {
  switch (type) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "a boolean";
    case napi_number: return "a number";
    case napi_string: return "a string";
    case napi_object: return "an object";
    default: return "something else";
  }
}

std::invalid_argument wrong_type(const char* what, const std::string& is, const char* wanted) {
  std::ostringstream text;
  text << '"' << what << "\" is " << is << ": must be " << wanted;
  return std::invalid_argument(text.str());
}

}  // namespace

void require_ok(napi_status status) {
  if (status == napi_ok) return;
  if (status == napi_pending_exception || status == napi_cannot_run_js || status == napi_closing) {
    throw Unreachable();
  }
  throw std::runtime_error("Node-API answered with status " + std::to_string(status));
}

napi_valuetype JavaScript::type_of(napi_value value) const {
  napi_valuetype type;
  require_ok(napi_typeof(env_, value, &type));
  return type;
}

void JavaScript::require_type(napi_value value, napi_valuetype wanted, const char* what) const {
  const napi_valuetype type = type_of(value);
  if (type != wanted) throw wrong_type(what, name_of(type), name_of(wanted));
}

void JavaScript::require_list(napi_value value, bool is_list, const char* what,
                              const char* wanted) const {
  if (!is_list) throw wrong_type(what, name_of(type_of(value)), wanted);
}

double JavaScript::number(napi_value value, const char* what) const {
  double number = 0;
  const napi_status status = napi_get_value_double(env_, value, &number);
  if (status == napi_number_expected) require_type(value, napi_number, what);
  require_ok(status);
  return number;
}

int64_t JavaScript::integer(napi_value value, const char* what) const {
  // The largest below which every integer is a double of its own.
  constexpr double kMost = 9007199254740992.0;
  const double given = number(value, what);
  if (std::trunc(given) != given || std::abs(given) > kMost) {
    throw wrong_type(what, std::to_string(given), "an integer");
  }
  return static_cast<int64_t>(given);
}

bool JavaScript::boolean(napi_value value, const char* what) const {
  bool flag = false;
  const napi_status status = napi_get_value_bool(env_, value, &flag);
  if (status == napi_boolean_expected) require_type(value, napi_boolean, what);
  require_ok(status);
  return flag;
}

std::string JavaScript::text(napi_value value, const char* what) const {
  size_t length = 0;
  const napi_status status = napi_get_value_string_utf8(env_, value, nullptr, 0, &length);
  if (status == napi_string_expected) require_type(value, napi_string, what);
  require_ok(status);
  std::string text(length, '\0');
  require_ok(napi_get_value_string_utf8(env_, value, text.data(), length + 1, &length));
  return text;
}

std::vector<napi_value> JavaScript::entries(napi_value value, const char* what) const {
  bool is_array = false;
  require_ok(napi_is_array(env_, value, &is_array));
  require_list(value, is_array, what, "an array of integers");
  uint32_t length = 0;
  require_ok(napi_get_array_length(env_, value, &length));
  std::vector<napi_value> all(length);
  for (uint32_t i = 0; i < length; i++) require_ok(napi_get_element(env_, value, i, &all[i]));
  return all;
}

std::vector<int64_t> JavaScript::integers(napi_value value, const char* what) const {
  std::vector<int64_t> all;
  for (const napi_value entry : entries(value, what)) all.push_back(integer(entry, what));
  return all;
}

std::vector<int64_t> JavaScript::integers_or_null(napi_value value, const char* what,
                                                  int64_t null_is) const {
  std::vector<int64_t> all;
  for (const napi_value entry : entries(value, what)) {
    all.push_back(type_of(entry) == napi_null ? null_is : integer(entry, what));
  }
  return all;
}

Memory JavaScript::memory(napi_value value, const char* what) const {
  bool is_typed = false;
  require_ok(napi_is_typedarray(env_, value, &is_typed));
  require_list(value, is_typed, what, "a typed array");
  napi_typedarray_type type;
  size_t length = 0;
  void* data = nullptr;
  require_ok(napi_get_typedarray_info(env_, value, &type, &length, &data, nullptr, nullptr));
  switch (type) {
    case napi_float32_array:
    case napi_int32_array: return {data, length * 4};
    case napi_uint8_array: return {data, length};
    default: throw wrong_type(what, "another one", "a Float32Array, Int32Array or Uint8Array");
  }
}

napi_value JavaScript::property(napi_value object, const char* name) const {
  require_type(object, napi_object, "attributes");
  napi_value value;
  require_ok(napi_get_named_property(env_, object, name, &value));
  napi_valuetype type;
  require_ok(napi_typeof(env_, value, &type));
  if (type == napi_undefined) {
    throw std::invalid_argument(std::string("the attribute \"") + name + "\" is missing");
  }
  return value;
}

napi_value JavaScript::from(double value) const {
  napi_value made;
  require_ok(napi_create_double(env_, value, &made));
  return made;
}

napi_value JavaScript::from(const std::string& value) const {
  napi_value made;
  require_ok(napi_create_string_utf8(env_, value.data(), value.size(), &made));
  return made;
}

napi_value JavaScript::from_boolean(bool value) const {
  napi_value made;
  require_ok(napi_get_boolean(env_, value, &made));
  return made;
}

napi_value JavaScript::array(size_t length) const {
  napi_value made;
  require_ok(napi_create_array_with_length(env_, length, &made));
  return made;
}

napi_value JavaScript::object() const {
  napi_value made;
  require_ok(napi_create_object(env_, &made));
  return made;
}

void JavaScript::set(napi_value array, size_t index, napi_value value) const {
  require_ok(napi_set_element(env_, array, static_cast<uint32_t>(index), value));
}

void JavaScript::set(napi_value object, const char* name, napi_value value) const {
  require_ok(napi_set_named_property(env_, object, name, value));
}

void JavaScript::raise(const std::string& message, const char* code) const noexcept {
  const auto text = [&](const char* from, size_t length, napi_value* made) {
    return napi_create_string_utf8(env_, from, length, made) == napi_ok;
  };
  napi_value words = nullptr, word = nullptr, error = nullptr;
  if (!text(message.data(), message.size(), &words)) return;
  if (code != nullptr && !text(code, NAPI_AUTO_LENGTH, &word)) return;
  if (napi_create_error(env_, word, words, &error) != napi_ok) return;
  // A thread that is ending refuses it, and nobody is left who would miss it.
  static_cast<void>(napi_throw(env_, error));
}

}  // namespace lockstep
