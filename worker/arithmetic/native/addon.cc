// Node-API boundary: takes the arguments apart and calls the loops. Lengths and types have been
// checked by native-arithmetic.ts, and are checked again where memory would be touched.
// Raw Node-API, because it gives the memory of a typed array over a SharedArrayBuffer too.
#include <node_api.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "loops.h"

namespace {

template <typename T>
struct Vector {
  T* data = nullptr;
  size_t length = 0;
};

using Floats = Vector<float>;
using Words = Vector<uint16_t>;

// An argument of one of the functions: both are named where it cannot be used.
struct Argument {
  napi_env env;
  const char* function;
  const char* name;
  napi_value value;
};

// A thread that is ending refuses the error; nobody is left who would miss it. -> false
bool refuse(const Argument& given, const std::string& is, const std::string& must) {
  const std::string text = std::string("Cannot ") + given.function + ": \"" + given.name +
                           "\" is " + is + ": must be " + must;
  napi_throw_type_error(given.env, "ERR_INVALID_ARG_TYPE", text.c_str());
  return false;
}

const char* name_of(napi_typedarray_type type) {
  switch (type) {
    case napi_uint8_array: return "a Uint8Array";
    case napi_uint16_array: return "a Uint16Array";
    case napi_float32_array: return "a Float32Array";
    default: return "another typed array";
  }
}

// What the value is, where it is no number.
std::string name_of(const Argument& given) {
  napi_valuetype type = napi_undefined;
  napi_typeof(given.env, given.value, &type);
  return type == napi_undefined ? "undefined" : type == napi_number ? "a number" : "something else";
}

struct View {
  napi_typedarray_type type;
  void* data = nullptr;
  size_t length = 0;
};

bool view_from(const Argument& given, View* out, const char* must) {
  bool is_typed = false;
  if (napi_is_typedarray(given.env, given.value, &is_typed) != napi_ok || !is_typed) {
    return refuse(given, name_of(given), must);
  }
  return napi_get_typedarray_info(given.env, given.value, &out->type, &out->length, &out->data,
                                  nullptr, nullptr) == napi_ok;
}

template <typename T>
bool vector_from(const Argument& given, napi_typedarray_type wanted, Vector<T>* out) {
  View view;
  if (!view_from(given, &view, name_of(wanted))) return false;
  if (view.type != wanted) return refuse(given, name_of(view.type), name_of(wanted));
  *out = {static_cast<T*>(view.data), view.length};
  return true;
}

bool floats_from(const Argument& given, Floats* out) {
  return vector_from(given, napi_float32_array, out);
}

bool words_from(const Argument& given, Words* out) {
  return vector_from(given, napi_uint16_array, out);
}

bool number_from(const Argument& given, double* out) {
  if (napi_get_value_double(given.env, given.value, out) == napi_ok) return true;
  return refuse(given, name_of(given), "a number");
}

bool require_length(const Argument& given, size_t is, size_t must) {
  if (is == must) return true;
  const std::string text = std::string("Cannot ") + given.function + ": \"" + given.name +
                           "\" has " + std::to_string(is) + " elements: must have " +
                           std::to_string(must);
  napi_throw_range_error(given.env, "ERR_OUT_OF_RANGE", text.c_str());
  return false;
}

// Arguments that are not given arrive as undefined and fail the checks above.
template <size_t Count>
class Arguments {
 public:
  Arguments(napi_env env, napi_callback_info info, const char* function)
      : env_(env), function_(function) {
    size_t count = Count;
    napi_get_cb_info(env, info, &count, values_, nullptr, nullptr);
  }

  Argument at(size_t index, const char* name) const {
    return {env_, function_, name, values_[index]};
  }

 private:
  napi_env env_;
  const char* function_;
  napi_value values_[Count] = {};
};

napi_value to_number(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

// Bytes of a Float32Array or a Uint8Array.
bool bytes_from(const Argument& given, void** data, size_t* bytes) {
  const char* const must = "a Float32Array or a Uint8Array";
  View view;
  if (!view_from(given, &view, must)) return false;
  if (view.type != napi_float32_array && view.type != napi_uint8_array) {
    return refuse(given, name_of(view.type), must);
  }
  *data = view.data;
  *bytes = view.type == napi_float32_array ? view.length * sizeof(float) : view.length;
  return true;
}

napi_value Copy(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info, "copy");
  void* into = nullptr;
  void* from = nullptr;
  size_t into_bytes = 0, from_bytes = 0;
  if (!bytes_from(given.at(0, "into"), &into, &into_bytes) ||
      !bytes_from(given.at(1, "from"), &from, &from_bytes) ||
      !require_length(given.at(1, "from"), from_bytes, into_bytes)) {
    return nullptr;
  }
  // The two may overlap, as they may in TypedArray.prototype.set.
  if (into_bytes > 0) std::memmove(into, from, into_bytes);
  return nullptr;
}

napi_value Add(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info, "add");
  Floats into, other;
  if (!floats_from(given.at(0, "into"), &into) || !floats_from(given.at(1, "other"), &other) ||
      !require_length(given.at(1, "other"), other.length, into.length)) {
    return nullptr;
  }
  lockstep::add(into.data, other.data, into.length);
  return nullptr;
}

napi_value SumOfSquares(napi_env env, napi_callback_info info) {
  const Arguments<1> given(env, info, "sum squares");
  Floats x;
  if (!floats_from(given.at(0, "x"), &x)) return nullptr;
  return to_number(env, lockstep::sum_of_squares(x.data, x.length));
}

napi_value Scale(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info, "scale");
  Floats x;
  double factor;
  if (!floats_from(given.at(0, "x"), &x) || !number_from(given.at(1, "factor"), &factor)) {
    return nullptr;
  }
  lockstep::scale(x.data, x.length, static_cast<float>(factor));
  return nullptr;
}

napi_value FirstNonFinite(napi_env env, napi_callback_info info) {
  const Arguments<1> given(env, info, "look for what is not finite");
  Floats x;
  if (!floats_from(given.at(0, "x"), &x)) return nullptr;
  return to_number(env, static_cast<double>(lockstep::first_non_finite(x.data, x.length)));
}

napi_value PackBfloat16(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info, "pack bfloat16");
  Words into;
  Floats from;
  if (!words_from(given.at(0, "into"), &into) || !floats_from(given.at(1, "from"), &from) ||
      !require_length(given.at(1, "from"), from.length, into.length)) {
    return nullptr;
  }
  lockstep::pack_bfloat16(into.data, from.data, into.length);
  return nullptr;
}

napi_value UnpackBfloat16(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info, "unpack bfloat16");
  Floats into;
  Words from;
  if (!floats_from(given.at(0, "into"), &into) || !words_from(given.at(1, "from"), &from) ||
      !require_length(given.at(1, "from"), from.length, into.length)) {
    return nullptr;
  }
  lockstep::unpack_bfloat16(into.data, from.data, into.length);
  return nullptr;
}

constexpr const char* kUpdated[] = {"parameters", "gradients", "firstMoments", "secondMoments"};
constexpr const char* kScalars[] = {"gradientScale", "decay",            "firstWeight", "beta2",
                                    "secondWeight",  "secondCorrection", "eps",         "stepSize"};

// adamw(parameters, gradients, firstMoments, secondMoments, ...the fields of AdamwScalars)
napi_value Adamw(napi_env env, napi_callback_info info) {
  const Arguments<12> given(env, info, "update");
  Floats vectors[4];
  for (size_t i = 0; i < 4; i++) {
    const Argument vector = given.at(i, kUpdated[i]);
    if (!floats_from(vector, &vectors[i]) ||
        !require_length(vector, vectors[i].length, vectors[0].length)) {
      return nullptr;
    }
  }
  double s[8];
  for (size_t i = 0; i < 8; i++) {
    if (!number_from(given.at(4 + i, kScalars[i]), &s[i])) return nullptr;
  }
  const auto f = [&s](size_t i) { return static_cast<float>(s[i]); };
  lockstep::adamw(vectors[0].data, vectors[1].data, vectors[2].data, vectors[3].data,
                  vectors[0].length, {f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7)});
  return nullptr;
}

// -> 16 hexadecimal digits, the first one the highest.
napi_value Hash64(napi_env env, napi_callback_info info) {
  const Arguments<1> given(env, info, "hash");
  void* data = nullptr;
  size_t bytes = 0;
  if (!bytes_from(given.at(0, "bytes"), &data, &bytes)) return nullptr;
  uint64_t hash = lockstep::hash64(static_cast<const uint8_t*>(data), bytes);
  char text[16];
  for (size_t i = sizeof text; i-- > 0; hash >>= 4) text[i] = "0123456789abcdef"[hash & 15];
  napi_value result = nullptr;
  napi_create_string_latin1(env, text, sizeof text, &result);
  return result;
}

void define(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  if (napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function) == napi_ok) {
    napi_set_named_property(env, exports, name, function);
  }
}

}  // namespace

// Context-aware: the training thread and the links thread load it side by side.
NAPI_MODULE_INIT(/* napi_env env, napi_value exports */) {
  define(env, exports, "copy", Copy);
  define(env, exports, "add", Add);
  define(env, exports, "sumOfSquares", SumOfSquares);
  define(env, exports, "scale", Scale);
  define(env, exports, "firstNonFinite", FirstNonFinite);
  define(env, exports, "packBfloat16", PackBfloat16);
  define(env, exports, "unpackBfloat16", UnpackBfloat16);
  define(env, exports, "adamw", Adamw);
  define(env, exports, "hash64", Hash64);
  return exports;
}
