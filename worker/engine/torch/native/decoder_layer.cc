// A whole Llama decoder layer over packed sequences, and its backward by hand: every step between
// the matrix products is one pass over memory, and what a pass can make again is not kept.
//
// Legend: T rows of all sequences, n sequences, R rows that come out (T, or n where only the last
// row of each sequence is wanted), H hidden size, Nq query heads, Nk key-value heads, D head size,
// I width of the feed-forward layer.
#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

#include "call.h"
#include "device.h"
#include "layer_parts.h"
#include "row_ops.h"

namespace lockstep {

namespace {

// The order in which the kernel takes its inputs; the gradients of those before the cosines come
// back in this order, as far as they are wanted.
enum InputIndex : size_t {
  kX, kInputNorm, kQ, kK, kV, kO, kPostNorm, kGate, kUp, kDown,
  kQBias, kKBias, kVBias, kOBias, kQNorm, kKNorm,
  kCos, kSin
};
constexpr size_t kGradients = kCos;

struct Layer {
  std::vector<at::Tensor> in;
  int64_t heads;
  int64_t key_value_heads;
  double eps;
  std::vector<Group> groups;
  at::ScalarType type;
  // Whose gradients the backward brings.
  std::array<bool, kGradients> wants;
  // The last row of each sequence [n], where only those come out; nothing else is computed then
  // behind their keys and values. Undefined where all rows come out.
  at::Tensor last_rows;

  bool last() const { return last_rows.defined(); }

  int64_t head_size() const { return in[kQ].size(0) / heads; }
};

// What a backward needs of its forward.
struct Kept {
  at::Tensor x_R;  // [R, H]: x itself, or its last rows
  Projected all, query;  // without their heads; the query's where only the last rows have one
  Attended attention;
  FeedForwardKept feed_forward;
};

at::Tensor last_rows(const std::vector<Group>& groups, const at::Device& device) {
  std::vector<int64_t> rows;
  for (const auto& [first_row, count, length, leaves] : groups) {
    for (int64_t i = 1; i <= count; i++) rows.push_back(first_row + i * length - 1);
  }
  return to_device(rows.data(), {static_cast<int64_t>(rows.size())}, at::kLong, device);
}

const LayerParts& parts_of(const Layer& layer) {
  const bool by_blocks = layer.type == at::kFloat && goes_by_blocks(layer.in[kX]);
  return by_blocks ? kPartsByBlocks : kPartsByOperations;
}

Weight weight_of(const Layer& layer, InputIndex index) {
  return {layer.in[index], layer.wants[index]};
}

HeadWeights queries_of(const Layer& layer) {
  return {weight_of(layer, kQ), weight_of(layer, kQBias), weight_of(layer, kQNorm), true};
}

HeadWeights keys_of(const Layer& layer) {
  return {weight_of(layer, kK), weight_of(layer, kKBias), weight_of(layer, kKNorm), true};
}

HeadWeights values_of(const Layer& layer) {
  return {weight_of(layer, kV), weight_of(layer, kVBias), {}, false};
}

Projection projection_of(const Layer& layer, std::vector<HeadWeights> parts) {
  return {weight_of(layer, kInputNorm),
          std::move(parts),
          layer.in[kCos],
          layer.in[kSin],
          layer.eps,
          layer.type,
          layer.wants[kX]};
}

// Everything that reads the same rows is one product.
Projection whole_projection(const Layer& layer) {
  return projection_of(layer, {queries_of(layer), keys_of(layer), values_of(layer)});
}

Projection key_value_projection(const Layer& layer) {
  return projection_of(layer, {keys_of(layer), values_of(layer)});
}

Projection last_query_projection(const Layer& layer) {
  Projection projection = projection_of(layer, {queries_of(layer)});
  projection.cos = projection.cos.index_select(0, layer.last_rows);
  projection.sin = projection.sin.index_select(0, layer.last_rows);
  return projection;
}

FeedForward feed_forward_of(const Layer& layer) {
  return {weight_of(layer, kO),    weight_of(layer, kOBias), weight_of(layer, kPostNorm),
          weight_of(layer, kGate), weight_of(layer, kUp),    weight_of(layer, kDown),
          layer.eps,               layer.type};
}

at::Tensor forward_pass(const Layer& layer, Kept* kept) {
  const LayerParts& parts = parts_of(layer);
  const at::Tensor& x = layer.in[kX];
  const int64_t queries = layer.in[kQ].size(0), keys = layer.in[kK].size(0);
  const at::Tensor x_R = layer.last() ? x.index_select(0, layer.last_rows) : x;
  Projected all, query;
  at::Tensor q, kv;
  if (layer.last()) {
    all = parts.project(key_value_projection(layer), x);
    query = parts.project(last_query_projection(layer), x_R);
    q = query.heads;
    kv = all.heads;
  } else {
    all = parts.project(whole_projection(layer), x);
    q = all.heads.narrow(1, 0, queries);
    kv = all.heads.narrow(1, queries, 2 * keys);
  }
  Attended attended =
      parts.attend({q, kv.narrow(1, 0, keys), kv.narrow(1, keys, keys)},
                   {layer.groups, layer.head_size(), layer.last()}, kept != nullptr);
  at::Tensor y = parts.feed_forward(feed_forward_of(layer), x_R, attended.output,
                                    kept == nullptr ? nullptr : &kept->feed_forward);
  if (kept != nullptr) {
    all.heads.reset();
    query.heads.reset();
    kept->x_R = x_R;
    kept->all = std::move(all);
    kept->query = std::move(query);
    kept->attention = std::move(attended);
  }
  return y;
}

// The gradients of a part of a projection, in their places.
void place(HeadGradients gradients, std::vector<at::Tensor>& d, InputIndex matrix, InputIndex bias,
           std::optional<InputIndex> norm) {
  d[matrix] = std::move(gradients.matrix);
  d[bias] = std::move(gradients.bias);
  if (norm) d[*norm] = std::move(gradients.norm);
}

// Consumes `kept`. dy [R, H] -> the gradients of the inputs before the cosines; those that are not
// wanted may be there or not.
std::vector<at::Tensor> backward_pass(const Layer& layer, Kept& kept, const at::Tensor& dy) {
  const LayerParts& parts = parts_of(layer);
  const int64_t queries = layer.in[kQ].size(0), keys = layer.in[kK].size(0);
  const at::Tensor& x = layer.in[kX];
  std::vector<at::Tensor> d(kGradients);

  const FeedForwardGradients behind = parts.feed_forward_backward(
      feed_forward_of(layer), std::move(kept.feed_forward), kept.attention.output, dy);
  d[kO] = behind.d_o;
  d[kOBias] = behind.d_o_bias;
  d[kPostNorm] = behind.d_norm;
  d[kGate] = behind.d_gate;
  d[kUp] = behind.d_up;
  d[kDown] = behind.d_down;

  const auto of_type = x.options().dtype(layer.type);
  const int64_t R = dy.size(0), T = x.size(0);
  if (!layer.last()) {
    at::Tensor d_heads = at::empty({T, queries + 2 * keys}, of_type);
    kept.attention.backward(behind.d_attended,
                            {d_heads.narrow(1, 0, queries), d_heads.narrow(1, queries, keys),
                             d_heads.narrow(1, queries + keys, keys)});
    kept.attention = {};
    const ProjectionGradients before =
        parts.project_backward(whole_projection(layer), x, kept.all, d_heads, behind.dx);
    d[kX] = before.dx;
    d[kInputNorm] = before.d_norm;
    place(before.parts[0], d, kQ, kQBias, kQNorm);
    place(before.parts[1], d, kK, kKBias, kKNorm);
    place(before.parts[2], d, kV, kVBias, {});
    return d;
  }
  at::Tensor d_q = at::empty({R, queries}, of_type), d_kv = at::empty({T, 2 * keys}, of_type);
  kept.attention.backward(behind.d_attended,
                          {d_q, d_kv.narrow(1, 0, keys), d_kv.narrow(1, keys, keys)});
  kept.attention = {};
  const ProjectionGradients query = parts.project_backward(last_query_projection(layer), kept.x_R,
                                                           kept.query, d_q, behind.dx);
  const ProjectionGradients all =
      parts.project_backward(key_value_projection(layer), x, kept.all, d_kv, at::Tensor());
  // Every row is there once, so adding them by index has one order.
  if (layer.wants[kX]) d[kX] = all.dx.index_add(0, layer.last_rows, query.dx);
  if (layer.wants[kInputNorm]) d[kInputNorm] = all.d_norm + query.d_norm;
  place(query.parts[0], d, kQ, kQBias, kQNorm);
  place(all.parts[0], d, kK, kKBias, kKNorm);
  place(all.parts[1], d, kV, kVBias, {});
  return d;
}

std::vector<at::Tensor> wanted_gradients(const Layer& layer, Kept& kept, const at::Tensor& dy) {
  const std::vector<at::Tensor> all = backward_pass(layer, kept, dy);
  std::vector<at::Tensor> wanted;
  for (size_t i = 0; i < kGradients; i++) {
    if (layer.wants[i]) wanted.push_back(all[i]);
  }
  return wanted;
}

// In the order of InputIndex. Q: heads D, K: keyValueHeads D.
const Signature kLayer{{{"x", kFloats, "T H"},
                        {"inputNorm", kFloats, "H"},
                        {"q", kFloats, "Q H"},
                        {"k", kFloats, "K H"},
                        {"v", kFloats, "K H"},
                        {"o", kFloats, "H Q"},
                        {"postNorm", kFloats, "H"},
                        {"gate", kFloats, "I H"},
                        {"up", kFloats, "I H"},
                        {"down", kFloats, "H I"},
                        {"qBias", kFloats, "Q", true},
                        {"kBias", kFloats, "K", true},
                        {"vBias", kFloats, "K", true},
                        {"oBias", kFloats, "H", true},
                        {"qNorm", kFloats, "D", true},
                        {"kNorm", kFloats, "D", true},
                        {"cos", kFloats, "T D/2"},
                        {"sin", kFloats, "T D/2"}}};
const Signature kLayerGradient{{{"y", kFloats, "R H"}, {"dy", kFloats, "R H"}}};

// The inputs fit each other; here they are held against the heads.
void require_heads(const Layer& layer) {
  const auto& in = layer.in;
  const int64_t queries = in[kQ].size(0), keys = in[kK].size(0), half = in[kCos].size(1);
  if (layer.heads < 1 || layer.key_value_heads < 1 || layer.heads % layer.key_value_heads != 0) {
    throw std::invalid_argument("heads is " + std::to_string(layer.heads) +
                                ": must be a multiple of keyValueHeads, which is " +
                                std::to_string(layer.key_value_heads));
  }
  const auto require = [&](const char* name, int64_t is, int64_t heads) {
    if (is == heads * 2 * half) return;
    throw std::invalid_argument("the input \"" + std::string(name) + "\" has " +
                                std::to_string(is) + " rows: must have " + std::to_string(heads) +
                                " heads of " + std::to_string(2 * half) +
                                ", twice the columns of cos");
  };
  require("q", queries, layer.heads);
  require("k", keys, layer.key_value_heads);
  for (const InputIndex norm : {kQNorm, kKNorm}) {
    if (!in[norm].defined() || in[norm].size(0) == 2 * half) continue;
    throw std::invalid_argument("the input \"" + std::string(kLayer.inputs[norm].name) +
                                "\" has " + std::to_string(in[norm].size(0)) +
                                " entries: must have " + std::to_string(2 * half) +
                                ", twice the columns of cos");
  }
  if (in[kQBias].defined() == in[kKBias].defined() &&
      in[kQBias].defined() == in[kVBias].defined()) {
    return;
  }
  throw std::invalid_argument("some of qBias, kBias and vBias are missing: must be all or none");
}

// Names of inputs, between blanks.
std::array<bool, kGradients> wants_of(const std::string& names, const std::vector<at::Tensor>& in) {
  std::array<bool, kGradients> wants{};
  std::istringstream words(names);
  for (std::string name; words >> name;) {
    size_t i = 0;
    while (i < kGradients && name != kLayer.inputs[i].name) i++;
    if (i == kGradients || !in[i].defined()) {
      throw std::invalid_argument("wants names \"" + name +
                                  "\": must name inputs that are given, before cos");
    }
    wants[i] = true;
  }
  return wants;
}

Layer layer_of(const Call& call) {
  Layer layer{call.inputs(),
              call.integer("heads"),
              call.integer("keyValueHeads"),
              call.number("eps"),
              {},
              call.precision("precision"),
              wants_of(call.text("wants"), call.inputs()),
              {}};
  for (at::Tensor& each : layer.in) {
    if (each.defined()) each = each.contiguous();
  }
  const std::vector<int64_t> groups = call.integers("groups");
  if (groups.size() % 3 != 0) {
    throw std::invalid_argument("groups must be triples of first row, count and length");
  }
  const std::vector<int64_t> leaves = call.integers("leaves");
  if (leaves.size() != groups.size() / 3) {
    throw std::invalid_argument("leaves must be as many numbers as there are groups");
  }
  for (size_t i = 0; i < groups.size(); i += 3) {
    layer.groups.push_back({groups[i], groups[i + 1], groups[i + 2], leaves[i / 3]});
  }
  require_heads(layer);
  require_groups(layer.groups, layer.in[kX].size(0));
  const std::string rows = call.text("rows");
  if (rows == "last") {
    if (std::any_of(leaves.begin(), leaves.end(), [](int64_t of) { return of > 0; })) {
      throw std::invalid_argument("rows is last: a sequence with leaves has several ends");
    }
    layer.last_rows = last_rows(layer.groups, layer.in[kX].device());
  } else if (rows != "all") {
    throw std::invalid_argument("rows \"" + rows + "\" is not one of all, last");
  }
  return layer;
}

// Attributes: wants are the names of the inputs whose gradients the backward brings; keep is what
// waits for it: `nothing`, the `input` alone (the forward runs again then) or the `activations`.
Outputs forward(const Call& call) {
  const Layer layer = layer_of(call);
  const std::string keep = call.text("keep");
  if (keep == "nothing") return forward_pass(layer, nullptr);
  if (keep == "input") {
    return {forward_pass(layer, nullptr), [layer](const at::Tensor& dy) {
              Kept kept;
              forward_pass(layer, &kept);
              return wanted_gradients(layer, kept, dy);
            }};
  }
  if (keep != "activations") {
    throw std::invalid_argument("keep \"" + keep + "\" is not one of nothing, input, activations");
  }
  auto kept = std::make_shared<Kept>();
  at::Tensor y = forward_pass(layer, kept.get());
  return {std::move(y),
          [layer, kept](const at::Tensor& dy) { return wanted_gradients(layer, *kept, dy); }};
}

// Inputs {y, dy}. Consumes what was kept with y.
Outputs backward(const Call& call) {
  return call.session().take_pullback(call.handle(0))(call.input(1).contiguous());
}

}  // namespace

void add_decoder_layer_kernels(Kernels& k) {
  k["LockstepDecoderLayer"] = {kLayer, forward};
  k["LockstepDecoderLayerGrad"] = {kLayerGradient, backward};
}

}  // namespace lockstep
