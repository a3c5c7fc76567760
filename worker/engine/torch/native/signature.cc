#include "signature.h"

#include <sstream>
#include <stdexcept>
#include <string_view>

namespace lockstep {

namespace {

struct Extent {
  std::string_view word;
  int64_t size;
};

unsigned bit_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return kFloats;
    case at::kInt: return kInts;
    case at::kBool: return kBools;
    default: return 0;
  }
}

std::vector<std::string_view> words_of(std::string_view shape) {
  std::vector<std::string_view> words;
  while (!shape.empty()) {
    const size_t end = std::min(shape.find(' '), shape.size());
    words.push_back(shape.substr(0, end));
    shape.remove_prefix(std::min(end + 1, shape.size()));
  }
  return words;
}

const Extent* find(const std::vector<Extent>& known, std::string_view word) {
  for (const Extent& each : known) {
    if (each.word == word) return &each;
  }
  return nullptr;
}

// Learns the extents that nobody has named yet. -> whether the others are what they were.
bool fits(at::IntArrayRef sizes, const std::vector<std::string_view>& words,
          std::vector<Extent>& known) {
  if (sizes.size() != words.size()) return false;
  for (size_t axis = 0; axis < words.size(); axis++) {
    const Extent* const before = find(known, words[axis]);
    if (before == nullptr) known.push_back({words[axis], sizes[axis]});
    else if (before->size != sizes[axis]) return false;
  }
  return true;
}

// "float32 [T, H] with H = 8"
std::string wanted(const Input& input, const std::vector<Extent>& known) {
  std::ostringstream text;
  text << types_text(input.types);
  if (input.shape == nullptr) return text.str();
  const auto words = words_of(input.shape);
  text << " [";
  for (size_t i = 0; i < words.size(); i++) text << (i == 0 ? "" : ", ") << words[i];
  text << ']';
  const char* join = " with ";
  for (const std::string_view word : words) {
    const Extent* const extent = find(known, word);
    if (extent == nullptr) continue;
    text << join << word << " = " << extent->size;
    join = ", ";
  }
  return text.str();
}

std::invalid_argument refused(const Input& input, const at::Tensor& given,
                              const std::vector<Extent>& known) {
  std::ostringstream text;
  text << "the input \"" << input.name << "\" is " << dtype_name(given.scalar_type()) << ' '
       << given.sizes() << ": must be " << wanted(input, known);
  return std::invalid_argument(text.str());
}

}  // namespace

void require_inputs(const Signature& signature, const std::vector<at::Tensor>& given) {
  const std::vector<Input>& inputs = signature.inputs;
  const bool enough = signature.is_list ? given.size() >= inputs.size()
                                        : given.size() == inputs.size();
  if (!enough) {
    throw std::invalid_argument("there are " + std::to_string(given.size()) +
                                " inputs: must be " + (signature.is_list ? "at least " : "") +
                                std::to_string(inputs.size()));
  }
  std::vector<Extent> known;
  for (size_t i = 0; i < given.size(); i++) {
    const Input& input = inputs[std::min(i, inputs.size() - 1)];
    if (!given[i].defined()) {
      if (input.optional) continue;
      throw std::invalid_argument(std::string("the input \"") + input.name +
                                  "\" is missing: must be " + wanted(input, known));
    }
    const size_t before = known.size();
    const bool is_type = (bit_of(given[i].scalar_type()) & input.types) != 0;
    const bool is_shape =
        input.shape == nullptr || fits(given[i].sizes(), words_of(input.shape), known);
    if (!is_type || !is_shape) {
      // The extents that this input itself brought say nothing about what it must be.
      known.resize(before);
      throw refused(input, given[i], known);
    }
    if (given[i].device() != given[0].device()) {
      throw std::invalid_argument(std::string("the input \"") + input.name + "\" lies on " +
                                  given[i].device().str() + ": must lie on " +
                                  given[0].device().str() + ", as the first does");
    }
  }
}

std::string dtype_name(at::ScalarType dtype) {
  switch (dtype) {
    case at::kFloat: return "float32";
    case at::kInt: return "int32";
    case at::kBool: return "bool";
    default: return at::toString(dtype);
  }
}

std::string types_text(Types types) {
  std::string text;
  const auto add = [&](Types type, const char* name) {
    if ((types & type) != 0) text += (text.empty() ? "" : " or ") + std::string(name);
  };
  add(kFloats, "float32");
  add(kInts, "int32");
  add(kBools, "bool");
  return text;
}

}  // namespace lockstep
