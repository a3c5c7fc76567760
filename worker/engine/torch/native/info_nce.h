// The part of the loss that goes over all negatives, in two implementations. Both go over chunks of
// predictions that see all negatives, so that cosines are computed once and no matrix of all logits
// ever exists.
//
// Legend: R predictions, K negatives, H hidden size.
#pragma once

#include <ATen/ATen.h>

namespace lockstep {

// What the likeness of a positive and a negative is: their cosine, one where they are the same row
// and else zero, or always zero.
enum class FalseNegatives { kCosine, kRows, kNone };

struct LossInputs {
  at::Tensor users, positives;  // unit rows [R, H]
  at::Tensor negatives;         // unit rows [K, H]
  at::Tensor positive_logit;    // [R, 1]
  double scale;
  FalseNegatives false_negatives;
  // A negative whose likeness with the positive exceeds this is left out.
  double threshold;
  at::Tensor positive_rows, negative_rows;  // int32 [R], [K]
  // Weight of every prediction's loss.
  double loss_scale;
  bool wants_logits;
  // How many logits may exist at a time.
  int64_t chunk_elements;
};

// With the share of a negative its softmax times the loss's weight, zero where it is left out.
struct NegativesPart {
  at::Tensor best;         // largest logit, the positive's included [R, 1]
  at::Tensor normaliser;   // log of the sum of exponentials of all logits [R, 1]
  at::Tensor masked;       // how many are left out [R]
  at::Tensor temperature;  // sum of shares times cosines [R, 1]
  at::Tensor d_users;      // shares times negatives [R, H]
  at::Tensor d_negatives;  // shares^T times users [K, H]
  at::Tensor logits;       // [R, K], undefined where nobody wants them
};

// Predictions of a chunk: a multiple of `unit`, and at least one unit.
int64_t chunk_rows(const LossInputs& in, int64_t unit);

// By products of whole chunks, on any device.
NegativesPart negatives_by_operations(const LossInputs& in);

// By blocks of a chunk that stay in a thread's cache: float32 on a CPU.
NegativesPart negatives_by_blocks(const LossInputs& in);

}  // namespace lockstep
