// Picks the build of row_loops.cc and tiles.cc for the processor that runs this.
#include "row_loops.h"
#include "tiles.h"

// NOLINTNEXTLINE: one declaration for each build in CMakeLists.txt
#define LOCKSTEP_DECLARE(build)            \
  namespace build {                        \
  const RowLoops<float>& of_float();       \
  const RowLoops<Bfloat16>& of_bfloat16(); \
  const Tiles& of_tiles();                 \
  }

namespace lockstep {

LOCKSTEP_DECLARE(baseline)

#if defined(__x86_64__)
LOCKSTEP_DECLARE(avx2)
LOCKSTEP_DECLARE(avx512)

namespace {

bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

}  // namespace

#define LOCKSTEP_CHOOSE(table) \
  has_avx512() ? avx512::table() : has_avx2() ? avx2::table() : baseline::table()

const Tiles* tiles() {
  static const Tiles* const chosen = has_avx512() ? &avx512::of_tiles()
                                     : has_avx2() ? &avx2::of_tiles()
                                                  : nullptr;
  return chosen;
}

#else

#define LOCKSTEP_CHOOSE(table) baseline::table()

const Tiles* tiles() { return nullptr; }

#endif

template <>
const RowLoops<float>& row_loops<float>() {
  static const RowLoops<float>& chosen = LOCKSTEP_CHOOSE(of_float);
  return chosen;
}

template <>
const RowLoops<Bfloat16>& row_loops<Bfloat16>() {
  static const RowLoops<Bfloat16>& chosen = LOCKSTEP_CHOOSE(of_bfloat16);
  return chosen;
}

}  // namespace lockstep
