// What a kernel takes. Checked before it runs: its loops read memory by these shapes.
#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

namespace lockstep {

enum Types : unsigned { kFloats = 1, kInts = 2, kBools = 4, kNumbers = 3, kAnything = 7 };

struct Input {
  const char* name;
  Types types = kAnything;
  // A word for each extent ("T H"); the same word is the same number in all inputs of a call.
  // Null: any shape, of which the kernel is the judge.
  const char* shape = nullptr;
  // It may be left out: it is undefined then.
  bool optional = false;
};

struct Signature {
  std::vector<Input> inputs;
  // The last one may come again and again.
  bool is_list = false;
};

// Throws std::invalid_argument naming the input, what it is and what it must be.
void require_inputs(const Signature& signature, const std::vector<at::Tensor>& given);

std::string dtype_name(at::ScalarType dtype);
// "float32 or int32"
std::string types_text(Types types);

}  // namespace lockstep
