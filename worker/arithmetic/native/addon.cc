// Node-API boundary: takes the arguments apart and calls the loops. Lengths and types have been
// checked by native-arithmetic.ts, and are checked again where memory would be touched.
// Raw Node-API, because it gives the memory of a typed array over a SharedArrayBuffer too.
#include <node_api.h>

#include <cstdint>
#include <cstring>

#include "loops.h"

namespace {

template <typename T>
struct Vector {
  T* data = nullptr;
  size_t length = 0;
};

using Floats = Vector<float>;
using Words = Vector<uint16_t>;

template <typename T>
bool vector_from(napi_env env, napi_value value, napi_typedarray_type expected,
                 const char* complaint, Vector<T>* out) {
  napi_typedarray_type type;
  void* data = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &out->length, &data, nullptr, nullptr) !=
          napi_ok ||
      type != expected) {
    napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE", complaint);
    return false;
  }
  out->data = static_cast<T*>(data);
  return true;
}

bool floats_from(napi_env env, napi_value value, Floats* out) {
  return vector_from(env, value, napi_float32_array,
                     "Cannot read a vector: it is no Float32Array: should be one", out);
}

bool words_from(napi_env env, napi_value value, Words* out) {
  return vector_from(env, value, napi_uint16_array,
                     "Cannot read bfloat16: it is no Uint16Array: should be one", out);
}

bool number_from(napi_env env, napi_value value, double* out) {
  if (napi_get_value_double(env, value, out) == napi_ok) return true;
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE",
                        "Cannot read a number: it is no number: should be one");
  return false;
}

// Arguments that are not given arrive as undefined and fail the checks above.
template <size_t Count>
struct Arguments {
  napi_value values[Count];
  Arguments(napi_env env, napi_callback_info info) {
    size_t count = Count;
    napi_get_cb_info(env, info, &count, values, nullptr, nullptr);
  }
};

napi_value to_number(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

bool require_equal(napi_env env, size_t a, size_t b) {
  if (a == b) return true;
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE",
                         "Cannot combine the vectors: their lengths differ: should be equal");
  return false;
}

// Bytes of a Float32Array or a Uint8Array.
bool bytes_from(napi_env env, napi_value value, void** data, size_t* bytes) {
  napi_typedarray_type type;
  size_t length = 0;
  if (napi_get_typedarray_info(env, value, &type, &length, data, nullptr, nullptr) == napi_ok &&
      (type == napi_float32_array || type == napi_uint8_array)) {
    *bytes = type == napi_float32_array ? length * sizeof(float) : length;
    return true;
  }
  napi_throw_type_error(env, "ERR_INVALID_ARG_TYPE",
                        "Cannot copy: no Float32Array or Uint8Array was given: should be one");
  return false;
}

napi_value Copy(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  void* into = nullptr;
  void* from = nullptr;
  size_t into_bytes = 0, from_bytes = 0;
  if (!bytes_from(env, given.values[0], &into, &into_bytes) ||
      !bytes_from(env, given.values[1], &from, &from_bytes) ||
      !require_equal(env, into_bytes, from_bytes)) {
    return nullptr;
  }
  // The two may overlap, as they may in TypedArray.prototype.set.
  if (into_bytes > 0) std::memmove(into, from, into_bytes);
  return nullptr;
}

napi_value Add(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  Floats into, other;
  if (!floats_from(env, given.values[0], &into) || !floats_from(env, given.values[1], &other) ||
      !require_equal(env, into.length, other.length)) {
    return nullptr;
  }
  lockstep::add(into.data, other.data, into.length);
  return nullptr;
}

napi_value SumOfSquares(napi_env env, napi_callback_info info) {
  const Arguments<1> given(env, info);
  Floats x;
  if (!floats_from(env, given.values[0], &x)) return nullptr;
  return to_number(env, lockstep::sum_of_squares(x.data, x.length));
}

napi_value Scale(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  Floats x;
  double factor;
  if (!floats_from(env, given.values[0], &x) || !number_from(env, given.values[1], &factor)) {
    return nullptr;
  }
  lockstep::scale(x.data, x.length, static_cast<float>(factor));
  return nullptr;
}

napi_value FirstNonFinite(napi_env env, napi_callback_info info) {
  const Arguments<1> given(env, info);
  Floats x;
  if (!floats_from(env, given.values[0], &x)) return nullptr;
  return to_number(env, static_cast<double>(lockstep::first_non_finite(x.data, x.length)));
}

napi_value PackBfloat16(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  Words into;
  Floats from;
  if (!words_from(env, given.values[0], &into) || !floats_from(env, given.values[1], &from) ||
      !require_equal(env, into.length, from.length)) {
    return nullptr;
  }
  lockstep::pack_bfloat16(into.data, from.data, into.length);
  return nullptr;
}

napi_value UnpackBfloat16(napi_env env, napi_callback_info info) {
  const Arguments<2> given(env, info);
  Floats into;
  Words from;
  if (!floats_from(env, given.values[0], &into) || !words_from(env, given.values[1], &from) ||
      !require_equal(env, into.length, from.length)) {
    return nullptr;
  }
  lockstep::unpack_bfloat16(into.data, from.data, into.length);
  return nullptr;
}

// adamw(parameters, gradients, firstMoments, secondMoments, ...the fields of AdamwScalars)
napi_value Adamw(napi_env env, napi_callback_info info) {
  const Arguments<12> given(env, info);
  Floats vectors[4];
  for (size_t i = 0; i < 4; i++) {
    if (!floats_from(env, given.values[i], &vectors[i]) ||
        !require_equal(env, vectors[0].length, vectors[i].length)) {
      return nullptr;
    }
  }
  double s[8];
  for (size_t i = 0; i < 8; i++) {
    if (!number_from(env, given.values[4 + i], &s[i])) return nullptr;
  }
  const auto f = [&s](size_t i) { return static_cast<float>(s[i]); };
  lockstep::adamw(vectors[0].data, vectors[1].data, vectors[2].data, vectors[3].data,
                  vectors[0].length, {f(0), f(1), f(2), f(3), f(4), f(5), f(6), f(7)});
  return nullptr;
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
  return exports;
}
