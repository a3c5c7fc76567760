#include "call.h"

namespace lockstep {

void add_matmul_kernels(Kernels& k) {
  k["BatchMatMul"] = [](const Call& call) {
    const at::Tensor& a = call.input(0);
    const at::Tensor& b = call.input(1);
    return at::matmul(call.boolean("transposeA") ? a.mT() : a,
                      call.boolean("transposeB") ? b.mT() : b)
        .contiguous();
  };
}

}  // namespace lockstep
