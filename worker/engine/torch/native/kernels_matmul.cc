#include <stdexcept>

#include "call.h"

namespace lockstep {

void add_matmul_kernels(Kernels& k) {
  k["BatchMatMul"] = [](const Call& call) {
    const at::Tensor& a = call.input(0);
    const at::Tensor& b = call.input(1);
    // libtorch would take a vector for a row or a column.
    if (a.dim() < 2 || b.dim() < 2) throw std::invalid_argument("both must have at least two axes");
    return at::matmul(call.boolean("transposeA") ? a.mT() : a,
                      call.boolean("transposeB") ? b.mT() : b)
        .contiguous();
  };
}

}  // namespace lockstep
