#include "loops.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <initializer_list>

// One binary for every x86-64 processor: the loader picks the widest version. Wider vectors do not
// change a bit, because no loop below adds across elements and contraction is off.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define LOCKSTEP_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define LOCKSTEP_CLONES
#endif

namespace lockstep {
namespace {

constexpr size_t kBlock = 4096;
constexpr size_t kAccumulators = 16;

LOCKSTEP_CLONES
double block_sum(const float* __restrict x, size_t length) {
  double sums[kAccumulators] = {};
  size_t i = 0;
  for (; i + kAccumulators <= length; i += kAccumulators) {
    for (size_t j = 0; j < kAccumulators; j++) {
      const double value = x[i + j];
      sums[j] += value * value;
    }
  }
  for (size_t j = 0; i + j < length; j++) {
    const double value = x[i + j];
    sums[j] += value * value;
  }
  for (size_t half = kAccumulators / 2; half >= 1; half /= 2) {
    for (size_t j = 0; j < half; j++) sums[j] += sums[j + half];
  }
  return sums[0];
}

// The tree over blocks [first, first + width), width a power of two; absent blocks are skipped.
double tree_sum(const float* x, size_t length, size_t first, size_t width) {
  if (width == 1) {
    const size_t start = first * kBlock;
    const size_t rest = length - start;
    return block_sum(x + start, rest < kBlock ? rest : kBlock);
  }
  const size_t half = width / 2;
  const double left = tree_sum(x, length, first, half);
  if ((first + half) * kBlock >= length) return left;
  return left + tree_sum(x, length, first + half, half);
}

// The constants and the names of XXH64's specification.
constexpr uint64_t kPrime1 = 0x9e3779b185ebca87u;
constexpr uint64_t kPrime2 = 0xc2b2ae3d27d4eb4fu;
constexpr uint64_t kPrime3 = 0x165667b19e3779f9u;
constexpr uint64_t kPrime4 = 0x85ebca77c2b2ae63u;
constexpr uint64_t kPrime5 = 0x27d4eb2f165667c5u;

// Little-endian, as every machine is that an engine runs on; the compiler makes one load of it.
template <typename Word>
inline uint64_t word_at(const uint8_t* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

inline uint64_t mixed(uint64_t accumulator, uint64_t word) {
  return std::rotl(accumulator + word * kPrime2, 31) * kPrime1;
}

inline uint64_t merged(uint64_t hash, uint64_t accumulator) {
  return (hash ^ mixed(0, accumulator)) * kPrime1 + kPrime4;
}

LOCKSTEP_CLONES
bool all_finite(const float* __restrict x, size_t length) {
  uint32_t bad = 0;
  for (size_t i = 0; i < length; i++) {
    uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    // An exponent of all ones is infinity or NaN.
    bad |= (bits & 0x7f800000u) == 0x7f800000u;
  }
  return bad == 0;
}

}  // namespace

LOCKSTEP_CLONES
void add(float* __restrict into, const float* __restrict other, size_t length) {
  for (size_t i = 0; i < length; i++) into[i] += other[i];
}

double sum_of_squares(const float* x, size_t length) {
  if (length == 0) return 0;
  size_t width = 1;
  while (width * kBlock < length) width *= 2;
  return tree_sum(x, length, 0, width);
}

LOCKSTEP_CLONES
void scale(float* __restrict x, size_t length, float factor) {
  for (size_t i = 0; i < length; i++) x[i] *= factor;
}

int64_t first_non_finite(const float* x, size_t length) {
  for (size_t start = 0; start < length; start += kBlock) {
    const size_t rest = length - start;
    const size_t count = rest < kBlock ? rest : kBlock;
    if (all_finite(x + start, count)) continue;
    for (size_t i = start; i < start + count; i++) {
      if (!std::isfinite(x[i])) return static_cast<int64_t>(i);
    }
  }
  return -1;
}

LOCKSTEP_CLONES
void pack_bfloat16(uint16_t* __restrict into, const float* __restrict from, size_t length) {
  for (size_t i = 0; i < length; i++) {
    uint32_t bits;
    std::memcpy(&bits, from + i, sizeof bits);
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    into[i] = static_cast<uint16_t>((bits & 0x7fffffffu) > 0x7f800000u ? 0x7fc0u : rounded);
  }
}

LOCKSTEP_CLONES
void unpack_bfloat16(float* __restrict into, const uint16_t* __restrict from, size_t length) {
  for (size_t i = 0; i < length; i++) {
    const uint32_t bits = static_cast<uint32_t>(from[i]) << 16;
    std::memcpy(into + i, &bits, sizeof bits);
  }
}

LOCKSTEP_CLONES
void adamw(float* __restrict parameters, const float* __restrict gradients,
           float* __restrict first_moments, float* __restrict second_moments, size_t length,
           const AdamwScalars& scalars) {
  const AdamwScalars s = scalars;
  for (size_t i = 0; i < length; i++) {
    const float g = gradients[i] * s.gradient_scale;
    const float m = first_moments[i] + s.first_weight * (g - first_moments[i]);
    const float v = second_moments[i] * s.beta2 + (s.second_weight * g) * g;
    const float d = std::sqrt(v) / s.second_correction + s.eps;
    first_moments[i] = m;
    second_moments[i] = v;
    parameters[i] = parameters[i] * s.decay + (s.step_size * m) / d;
  }
}

uint64_t hash64(const uint8_t* bytes, size_t length) {
  const uint8_t* at = bytes;
  const uint8_t* const end = bytes + length;
  uint64_t hash = kPrime5;
  if (length >= 32) {
    // Four chains, since one multiplication waits for the one before it.
    uint64_t a = kPrime1 + kPrime2, b = kPrime2, c = 0, d = 0 - kPrime1;
    for (; end - at >= 32; at += 32) {
      a = mixed(a, word_at<uint64_t>(at));
      b = mixed(b, word_at<uint64_t>(at + 8));
      c = mixed(c, word_at<uint64_t>(at + 16));
      d = mixed(d, word_at<uint64_t>(at + 24));
    }
    hash = std::rotl(a, 1) + std::rotl(b, 7) + std::rotl(c, 12) + std::rotl(d, 18);
    for (const uint64_t accumulator : {a, b, c, d}) hash = merged(hash, accumulator);
  }
  hash += length;
  for (; end - at >= 8; at += 8) {
    hash = std::rotl(hash ^ mixed(0, word_at<uint64_t>(at)), 27) * kPrime1 + kPrime4;
  }
  if (end - at >= 4) {
    hash = std::rotl(hash ^ (word_at<uint32_t>(at) * kPrime1), 23) * kPrime2 + kPrime3;
    at += 4;
  }
  for (; at < end; at++) hash = std::rotl(hash ^ (*at * kPrime5), 11) * kPrime1;
  hash = (hash ^ (hash >> 33)) * kPrime2;
  hash = (hash ^ (hash >> 29)) * kPrime3;
  return hash ^ (hash >> 32);
}

}  // namespace lockstep
