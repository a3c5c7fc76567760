// The functions that JavaScript sees; ../native.ts lists the same ones in the same order.
#include <ATen/core/grad_mode.h>
#include <napi.h>
#include <torch/version.h>

#include <cstring>
#include <sstream>

#include "call.h"
#include "device.h"
#include "memory_pool.h"
#include "row_ops.h"

namespace lockstep {

namespace {

const Kernels& kernels() {
  static const Kernels all = [] {
    Kernels k;
    add_elementwise_kernels(k);
    add_reduction_kernels(k);
    add_shape_kernels(k);
    add_indexing_kernels(k);
    add_matmul_kernels(k);
    add_decoder_layer_kernels(k);
    add_info_nce_kernels(k);
    add_transfer_kernels(k);
    add_embedding_kernels(k);
    return k;
  }();
  return all;
}

// libtorch appends a C++ stack trace, which says nothing to a caller in JavaScript.
std::string reason_of(const std::exception& error) {
  const auto* torch_error = dynamic_cast<const c10::Error*>(&error);
  return torch_error != nullptr ? torch_error->what_without_backtrace() : error.what();
}

// Out of memory is an error that a job's owner can do something about, so it has a code.
Napi::Error failure(Napi::Env env, const std::string& what, const std::exception& error) {
  const Napi::Error made = Napi::Error::New(env, what + ": " + reason_of(error));
  if (dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr) {
    made.Value().Set("code", "OUT_OF_MEMORY");
  }
  return made;
}

// A kernel may return a view. What JavaScript holds is contiguous and begins at the aligned start of
// memory of just its size: alignment reaches the order of sums inside matrix products, and a part
// must not keep the whole alive.
at::Tensor owned(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  return whole.storage().nbytes() == whole.nbytes() ? whole : whole.clone();
}

Napi::Object describe(Napi::Env env, Session& session, Handle handle) {
  const at::Tensor& tensor = session.get(handle);
  auto shape = Napi::Array::New(env, tensor.dim());
  for (int64_t axis = 0; axis < tensor.dim(); axis++) {
    shape.Set(static_cast<uint32_t>(axis), static_cast<double>(tensor.size(axis)));
  }
  auto info = Napi::Object::New(env);
  info.Set("handle", static_cast<double>(handle));
  info.Set("shape", shape);
  info.Set("dtype", dtype_name(tensor.scalar_type()));
  return info;
}

class Addon : public Napi::Addon<Addon> {
 public:
  Addon(Napi::Env, Napi::Object exports) {
    use_memory_pool();
    DefineAddon(exports, {
                             InstanceMethod("version", &Addon::Version),
                             InstanceMethod("open", &Addon::Open),
                             InstanceMethod("create", &Addon::Create),
                             InstanceMethod("read", &Addon::Read),
                             InstanceMethod("dispose", &Addon::Dispose),
                             InstanceMethod("run", &Addon::Run),
                             InstanceMethod("memory", &Addon::Memory),
                         });
  }

 private:
  Napi::Value Version(const Napi::CallbackInfo& info) {
    return Napi::String::New(info.Env(), TORCH_VERSION);
  }

  // ({threads, deterministic, tf32, hostPasses}) -> the device's type.
  Napi::Value Open(const Napi::CallbackInfo& info) {
    const auto given = info[0].As<Napi::Object>();
    const auto flag = [&](const char* name) { return given.Get(name).As<Napi::Boolean>().Value(); };
    try {
      use_host_passes(host_passes_named(given.Get("hostPasses").As<Napi::String>().Utf8Value()));
      session_.device = open_device({given.Get("threads").As<Napi::Number>().Int32Value(),
                                     flag("deterministic"), flag("tf32")});
    } catch (const std::exception& error) {
      throw Napi::Error::New(info.Env(), "Cannot open a device: " + reason_of(error));
    }
    return Napi::String::New(info.Env(), c10::DeviceTypeName(session_.device.type(), true));
  }

  // (values: typed array, shape, dtype) -> handle. The bytes are copied, into aligned memory.
  Napi::Value Create(const Napi::CallbackInfo& info) {
    const auto values = info[0].As<Napi::TypedArray>();
    const auto list = info[1].As<Napi::Array>();
    std::vector<int64_t> shape(list.Length());
    for (uint32_t i = 0; i < list.Length(); i++) {
      shape[i] = list.Get(i).As<Napi::Number>().Int64Value();
    }
    try {
      const at::ScalarType type = dtype_of(info[2].As<Napi::String>().Utf8Value());
      const size_t bytes = c10::multiply_integers(shape) * c10::elementSize(type);
      if (bytes != values.ByteLength()) {
        std::ostringstream text;
        text << "a tensor of shape " << at::IntArrayRef(shape) << " takes " << bytes
             << " bytes: the values have " << values.ByteLength();
        throw std::invalid_argument(text.str());
      }
      void* data = nullptr;
      napi_get_typedarray_info(info.Env(), values, nullptr, nullptr, &data, nullptr, nullptr);
      at::Tensor tensor = to_device(data, shape, type, session_.device);
      return Napi::Number::New(info.Env(), static_cast<double>(session_.add(std::move(tensor))));
    } catch (const std::exception& error) {
      throw failure(info.Env(), "Cannot create a tensor", error);
    }
  }

  // (handle, values: typed array of the right length). Fills `values`.
  void Read(const Napi::CallbackInfo& info) {
    const auto values = info[1].As<Napi::TypedArray>();
    try {
      const at::Tensor tensor = to_host(session_.get(HandleOf(info[0])));
      wait_for_device(session_.device);
      if (tensor.nbytes() != values.ByteLength()) {
        throw std::invalid_argument("the array has another size than the tensor");
      }
      void* data = nullptr;
      napi_get_typedarray_info(info.Env(), values, nullptr, nullptr, &data, nullptr, nullptr);
      if (tensor.nbytes() > 0) std::memcpy(data, tensor.data_ptr(), tensor.nbytes());
    } catch (const std::exception& error) {
      throw failure(info.Env(), "Cannot read a tensor", error);
    }
  }

  void Dispose(const Napi::CallbackInfo& info) { session_.dispose(HandleOf(info[0])); }

  // (kernel, input handles, attributes) -> outputs as {handle, shape, dtype}.
  Napi::Value Run(const Napi::CallbackInfo& info) {
    const std::string name = info[0].As<Napi::String>().Utf8Value();
    const auto list = info[1].As<Napi::Array>();
    std::vector<Handle> handles(list.Length());
    for (uint32_t i = 0; i < list.Length(); i++) handles[i] = HandleOf(list.Get(i));
    const Call call(session_, std::move(handles), info[2].As<Napi::Object>());
    try {
      const auto found = kernels().find(name);
      if (found == kernels().end()) throw std::invalid_argument("there is no such kernel");
      const at::NoGradGuard no_grad;
      return Results(info.Env(), found->second(call));
    } catch (const Napi::Error&) {
      throw;
    } catch (const std::exception& error) {
      throw failure(info.Env(), "Cannot run kernel " + name + " on [" + Inputs(call) + "]", error);
    }
  }

  Napi::Value Memory(const Napi::CallbackInfo& info) {
    auto memory = Napi::Object::New(info.Env());
    memory.Set("tensors", static_cast<double>(session_.tensors()));
    memory.Set("pullbacks", static_cast<double>(session_.pullbacks()));
    memory.Set("bytes", static_cast<double>(session_.bytes()));
    memory.Set("peakBytes", static_cast<double>(host_memory().peak));
    return memory;
  }

  Napi::Value Results(Napi::Env env, Outputs outputs) {
    auto results = Napi::Array::New(env, outputs.tensors.size());
    for (size_t i = 0; i < outputs.tensors.size(); i++) {
      const Handle handle = session_.add(owned(outputs.tensors[i]));
      if (i == 0 && outputs.pullback) session_.keep_pullback(handle, std::move(*outputs.pullback));
      results.Set(static_cast<uint32_t>(i), describe(env, session_, handle));
    }
    return results;
  }

  static std::string Inputs(const Call& call) {
    try {
      return call.describe();
    } catch (const std::out_of_range& error) {
      return error.what();
    }
  }

  static Handle HandleOf(const Napi::Value& value) {
    return value.As<Napi::Number>().Int64Value();
  }

  Session session_;
};

}  // namespace

NODE_API_NAMED_ADDON(lockstep_torch, Addon)

}  // namespace lockstep
