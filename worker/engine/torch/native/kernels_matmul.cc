#include <chrono>
#include <stdexcept>

#include "call.h"
#include "device.h"
#include "products.h"

namespace lockstep {

namespace {

// Seconds of the fastest of some square products, operands ready: what a benchmark measures by.
Outputs product_seconds(const Call& call) {
  const int64_t size = call.integer("size");
  const at::Device device = call.session().device;
  const auto options = at::TensorOptions(call.precision("precision")).device(device);
  const at::Tensor a = at::ones({size, size}, options), b = at::ones({size, size}, options);
  double fastest = 0;
  for (int64_t at = 0; at < call.integer("repetitions"); at++) {
    wait_for_device(device);
    const auto start = std::chrono::steady_clock::now();
    const at::Tensor product = forward_product(a, b);
    wait_for_device(device);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    if (at == 0 || took.count() < fastest) fastest = took.count();
  }
  return at::full({1}, fastest, at::kFloat).to(device);
}

}  // namespace

void add_matmul_kernels(Kernels& k) {
  k["LockstepProductSeconds"] = {Signature{}, product_seconds};
  k["BatchMatMul"] = {Signature{{{"a"}, {"b"}}}, [](const Call& call) {
    const at::Tensor& a = call.input(0);
    const at::Tensor& b = call.input(1);
    // libtorch would take a vector for a row or a column.
    if (a.dim() < 2 || b.dim() < 2) throw std::invalid_argument("both must have at least two axes");
    return at::matmul(call.boolean("transposeA") ? a.mT() : a,
                      call.boolean("transposeB") ? b.mT() : b)
        .contiguous();
  }};
}

}  // namespace lockstep
