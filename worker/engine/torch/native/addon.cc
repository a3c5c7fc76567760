// The functions that JavaScript sees; ../native.ts lists the same ones in the same order.
#include <ATen/core/grad_mode.h>
#include <torch/version.h>

#include <cstring>
#include <memory>
#include <new>
#include <optional>
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
const char* code_of(const std::exception& error) {
  const bool is_full = dynamic_cast<const c10::OutOfMemoryError*>(&error) != nullptr ||
                       dynamic_cast<const std::bad_alloc*>(&error) != nullptr;
  return is_full ? "OUT_OF_MEMORY" : nullptr;
}

// Runs `work`; what it throws becomes an error that begins with what could not be done.
template <typename Doing, typename Work>
napi_value attempt(const JavaScript& js, Doing doing, Work work) {
  try {
    return work();
  } catch (const Unreachable&) {
    return nullptr;
  } catch (const std::exception& error) {
    js.raise(std::string("Cannot ") + doing() + ": " + reason_of(error), code_of(error));
    return nullptr;
  }
}

// A kernel may return a view. What JavaScript holds is contiguous and begins at the aligned start of
// memory of just its size: alignment reaches the order of sums inside matrix products, and a part
// must not keep the whole alive.
at::Tensor owned(const at::Tensor& tensor) {
  const at::Tensor whole = tensor.contiguous();
  return whole.storage().nbytes() == whole.nbytes() ? whole : whole.clone();
}

napi_value describe(const JavaScript& js, const Session& session, Handle handle) {
  const at::Tensor& tensor = session.get(handle);
  const napi_value shape = js.array(tensor.dim());
  for (int64_t axis = 0; axis < tensor.dim(); axis++) {
    js.set(shape, axis, js.from(static_cast<double>(tensor.size(axis))));
  }
  const napi_value info = js.object();
  js.set(info, "handle", js.from(static_cast<double>(handle)));
  js.set(info, "shape", shape);
  js.set(info, "dtype", js.from(dtype_name(tensor.scalar_type())));
  return info;
}

// Those that are not given are undefined.
struct Arguments {
  napi_value values[3];
  napi_value operator[](size_t index) const { return values[index]; }
};

// One a thread.
class Addon {
 public:
  napi_value version(const JavaScript& js, const Arguments&) {
    return attempt(js, [] { return "say the version"; }, [&] { return js.from(TORCH_VERSION); });
  }

  // ({threads, deterministic, tf32, hostPasses}) -> the device's type.
  napi_value open(const JavaScript& js, const Arguments& given) {
    return attempt(js, [] { return "open a device"; }, [&] {
      const auto option = [&](const char* name) { return js.property(given[0], name); };
      const auto flag = [&](const char* name) { return js.boolean(option(name), name); };
      use_host_passes(host_passes_named(js.text(option("hostPasses"), "hostPasses")));
      session_.device = open_device({static_cast<int>(js.integer(option("threads"), "threads")),
                                     flag("deterministic"), flag("tf32")});
      return js.from(c10::DeviceTypeName(session_.device.type(), true));
    });
  }

  // (values: typed array, shape, dtype) -> handle. The bytes are copied, into aligned memory.
  napi_value create(const JavaScript& js, const Arguments& given) {
    return attempt(js, [] { return "create a tensor"; }, [&] {
      const Memory values = js.memory(given[0], "values");
      const std::vector<int64_t> shape = js.integers(given[1], "shape");
      const at::ScalarType type = dtype_of(js.text(given[2], "dtype"));
      const size_t bytes = c10::multiply_integers(shape) * c10::elementSize(type);
      if (bytes != values.bytes) {
        std::ostringstream text;
        text << "a tensor of shape " << at::IntArrayRef(shape) << " takes " << bytes
             << " bytes: the values have " << values.bytes;
        throw std::invalid_argument(text.str());
      }
      at::Tensor tensor = to_device(values.data, shape, type, session_.device);
      return js.from(static_cast<double>(session_.add(std::move(tensor))));
    });
  }

  // (handle, values: typed array of the right length). Fills `values`.
  napi_value read(const JavaScript& js, const Arguments& given) {
    return attempt(js, [] { return "read a tensor"; }, [&] {
      const Memory values = js.memory(given[1], "values");
      const at::Tensor tensor = to_host(session_.get(js.integer(given[0], "handle")));
      wait_for_device(session_.device);
      if (tensor.nbytes() != values.bytes) {
        throw std::invalid_argument("the array has " + std::to_string(values.bytes) +
                                    " bytes: the tensor has " + std::to_string(tensor.nbytes()));
      }
      if (tensor.nbytes() > 0) std::memcpy(values.data, tensor.data_ptr(), tensor.nbytes());
      return napi_value{};
    });
  }

  napi_value dispose(const JavaScript& js, const Arguments& given) {
    return attempt(js, [] { return "dispose of a tensor"; }, [&] {
      session_.dispose(js.integer(given[0], "handle"));
      return napi_value{};
    });
  }

  // (kernel, input handles or null, attributes) -> outputs as {handle, shape, dtype}.
  napi_value run(const JavaScript& js, const Arguments& given) {
    std::string name;
    std::optional<Call> call;
    const auto doing = [&] {
      return "run kernel " + name + (call ? " on [" + call->describe() + "]" : "");
    };
    return attempt(js, doing, [&] {
      name = js.text(given[0], "kernel");
      const auto found = kernels().find(name);
      if (found == kernels().end()) throw std::invalid_argument("there is no such kernel");
      call.emplace(js, session_, js.integers_or_null(given[1], "inputs", kNone), given[2]);
      require_inputs(found->second.takes, call->inputs());
      const at::NoGradGuard no_grad;
      return results(js, found->second.compute(*call));
    });
  }

  // -> {tensors, pullbacks, bytes, peakBytes}
  napi_value memory(const JavaScript& js, const Arguments&) {
    return attempt(js, [] { return "count the tensors"; }, [&] {
      const napi_value counts = js.object();
      js.set(counts, "tensors", js.from(static_cast<double>(session_.tensors())));
      js.set(counts, "pullbacks", js.from(static_cast<double>(session_.pullbacks())));
      js.set(counts, "bytes", js.from(static_cast<double>(session_.bytes())));
      js.set(counts, "peakBytes", js.from(static_cast<double>(host_memory().peak)));
      return counts;
    });
  }

  // -> {kernel: [{name, types, shape, optional}]}: what each kernel takes, `shape` empty where it is any.
  napi_value signatures(const JavaScript& js, const Arguments&) {
    return attempt(js, [] { return "list the kernels"; }, [&] {
      const napi_value all = js.object();
      for (const auto& [name, kernel] : kernels()) {
        const std::vector<Input>& inputs = kernel.takes.inputs;
        const napi_value list = js.array(inputs.size());
        for (size_t i = 0; i < inputs.size(); i++) {
          const napi_value input = js.object();
          js.set(input, "name", js.from(inputs[i].name));
          js.set(input, "types", js.from(types_text(inputs[i].types)));
          js.set(input, "shape", js.from(inputs[i].shape == nullptr ? "" : inputs[i].shape));
          js.set(input, "optional", js.from_boolean(inputs[i].optional));
          js.set(list, i, input);
        }
        js.set(all, name.c_str(), list);
      }
      return all;
    });
  }

 private:
  napi_value results(const JavaScript& js, Outputs outputs) {
    const napi_value list = js.array(outputs.tensors.size());
    for (size_t i = 0; i < outputs.tensors.size(); i++) {
      const Handle handle = session_.add(owned(outputs.tensors[i]));
      if (i == 0 && outputs.pullback) session_.keep_pullback(handle, std::move(*outputs.pullback));
      js.set(list, i, describe(js, session_, handle));
    }
    return list;
  }

  Session session_;
};

template <auto method>
napi_value callback(napi_env env, napi_callback_info info) {
  Arguments given;
  size_t count = std::size(given.values);
  void* addon = nullptr;
  if (napi_get_cb_info(env, info, &count, given.values, nullptr, &addon) != napi_ok) return nullptr;
  return (static_cast<Addon*>(addon)->*method)(JavaScript(env), given);
}

template <auto method>
void define(napi_env env, napi_value exports, const char* name, Addon* addon) {
  napi_value function;
  require_ok(napi_create_function(env, name, NAPI_AUTO_LENGTH, callback<method>, addon, &function));
  require_ok(napi_set_named_property(env, exports, name, function));
}

}  // namespace

}  // namespace lockstep

// Each thread that loads the addon has one of its own; its tensors end with the thread.
NAPI_MODULE_INIT() {
  using namespace lockstep;
  const JavaScript js(env);
  return attempt(js, [] { return "load the torch addon"; }, [&] {
    use_memory_pool();
    auto addon = std::make_unique<Addon>();
    const auto end = [](napi_env, void* data, void*) { delete static_cast<Addon*>(data); };
    require_ok(napi_set_instance_data(env, addon.get(), end, nullptr));
    Addon* const kept = addon.release();
    define<&Addon::version>(env, exports, "version", kept);
    define<&Addon::open>(env, exports, "open", kept);
    define<&Addon::create>(env, exports, "create", kept);
    define<&Addon::read>(env, exports, "read", kept);
    define<&Addon::dispose>(env, exports, "dispose", kept);
    define<&Addon::run>(env, exports, "run", kept);
    define<&Addon::memory>(env, exports, "memory", kept);
    define<&Addon::signatures>(env, exports, "signatures", kept);
    return exports;
  });
}
