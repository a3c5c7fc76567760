// Causal attention inside every sequence of packed rows.
//
// Legend: T rows, Nq query heads, Nk key-value heads, D head size, B sequences of one group, L their
// common length, n sequences in all. Sequences of one length are neighbours, so a group is a view
// [B, L, N, D] of the packed rows, and no padding is ever computed.
#pragma once

#include <ATen/ATen.h>

#include <vector>

namespace lockstep {

struct Group {
  int64_t first_row;
  int64_t count;
  int64_t length;
};

// Throws std::invalid_argument unless the groups are the rows 0 to `rows` in order.
void require_groups(const std::vector<Group>& groups, int64_t rows);

// One pass, with libtorch's own graph of it where `keep` was asked for.
class PackedAttention {
 public:
  // q [T, Nq D] or, where `last` is set, the last row of each sequence [n, Nq D]; k, v [T, Nk D].
  // They may be columns of a wider matrix.
  PackedAttention(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                  const std::vector<Group>& groups, int64_t head_size, bool last, bool keep);

  // [T or n, Nq D], in q's type.
  const at::Tensor& output() const { return output_; }

  // Writes the gradients of q, k, v into matrices of their shapes. Consumes the graph.
  void backward(const at::Tensor& d_output, at::Tensor dq, at::Tensor dk, at::Tensor dv);

 private:
  std::vector<Group> groups_;
  int64_t head_size_;
  bool last_;
  at::Tensor output_;
  std::vector<at::Tensor> mixed_;   // of each group [B, Nq, L or 1, D]
  std::vector<at::Tensor> leaves_;  // q, k, v of each group
};

}  // namespace lockstep
