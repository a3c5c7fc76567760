// Causal attention inside every sequence of packed rows. The last rows of a sequence may be leaves:
// each sees the rows before all leaves, and itself, but no other leaf.
//
// Legend: T rows, Nq query heads, Nk key-value heads, D head size, B sequences of one group, L
// their common length, n sequences in all.
#pragma once

#include <ATen/ATen.h>

#include <functional>
#include <vector>

namespace lockstep {

// Sequences of one length are neighbours, and no padding is ever computed.
struct Group {
  int64_t first_row;
  int64_t count;
  int64_t length;
  int64_t leaves = 0;  // of the `length` rows, at the end
};

// Throws std::invalid_argument unless the groups are the rows 0 to `rows` in order, and have at most
// their rows as leaves.
void require_groups(const std::vector<Group>& groups, int64_t rows);

// q [T, Nq D] or, where only the last row of each sequence is wanted, [n, Nq D]; k, v [T, Nk D].
// They may be columns of a wider matrix.
struct Heads {
  at::Tensor q, k, v;
};

struct AttentionShape {
  std::vector<Group> groups;
  int64_t head_size;
  bool last;  // q has the last rows only
};

struct Attended {
  at::Tensor output;  // [T or n, Nq D], in q's type
  // Writes the gradients of q, k and v, given that of the output. Runs once, and only where it was
  // asked for.
  std::function<void(const at::Tensor& d_output, const Heads& d)> backward;
};

// By libtorch's fused attention, one call a group, and its own graph.
Attended attention_by_operations(const Heads& heads, const AttentionShape& shape, bool keep);

// By libtorch's flash attention, one call for all groups; only where goes_by_flash says so: for
// bfloat16 on a CUDA device that has it.
Attended attention_by_flash(const Heads& heads, const AttentionShape& shape, bool keep);
bool goes_by_flash(const at::Tensor& q, int64_t head_size);

// Float32 on a CPU: each sequence and head on one thread, by the products of tiles.h.
Attended attention_by_blocks(const Heads& heads, const AttentionShape& shape, bool keep);

}  // namespace lockstep
