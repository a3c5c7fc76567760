// The loops of worker/arithmetic/arithmetic.ts, in the same order; the order of operations is
// documented there. Pointers of one call never overlap, except where it is said.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep {

// In the order of AdamwScalars in adamw-scalars.ts.
struct AdamwScalars {
  float gradient_scale;
  float decay;
  float first_weight;
  float beta2;
  float second_weight;
  float second_correction;
  float eps;
  float step_size;
};

void add(float* into, const float* other, size_t length);
double sum_of_squares(const float* x, size_t length);
void scale(float* x, size_t length, float factor);
int64_t first_non_finite(const float* x, size_t length);
void pack_bfloat16(uint16_t* into, const float* from, size_t length);
void unpack_bfloat16(float* into, const uint16_t* from, size_t length);
void adamw(float* parameters, const float* gradients, float* first_moments, float* second_moments,
           size_t length, const AdamwScalars& scalars);
uint64_t hash64(const uint8_t* bytes, size_t length);

}  // namespace lockstep
