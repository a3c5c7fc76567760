// A whole Llama decoder layer over packed sequences, and its backward by hand: every step between
// the matrix products is one pass over memory, and what a pass can make again is not kept.
//
// Legend: T rows of all sequences, n sequences, R rows that come out (T, or n where only the last
// row of each sequence is wanted), H hidden size, Nq query heads, Nk key-value heads, D head size,
// I width of the feed-forward layer.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "call.h"
#include "packed_attention.h"
#include "products.h"
#include "row_ops.h"

namespace lockstep {

namespace {

// The order in which the kernel takes its inputs; gradients come back in the order of the first ten.
enum Input : size_t { kX, kInputNorm, kQ, kK, kV, kO, kPostNorm, kGate, kUp, kDown, kCos, kSin };

struct Layer {
  std::vector<at::Tensor> in;
  int64_t heads;
  int64_t key_value_heads;
  double eps;
  std::vector<Group> groups;
  at::ScalarType type;
  // The last row of each sequence [n], where only those come out; nothing else is computed then behind
  // their keys and values. Undefined where all rows come out.
  at::Tensor last_rows;

  bool last() const { return last_rows.defined(); }

  int64_t head_size() const { return in[kQ].size(0) / heads; }
  at::Tensor weight(Input name) const { return in[name].to(type); }
  at::Tensor weights(std::initializer_list<Input> names) const {
    std::vector<at::Tensor> parts;
    for (const Input name : names) parts.push_back(in[name]);
    return at::cat(parts).to(type);
  }
};

// What a backward needs of its forward.
struct Kept {
  at::Tensor x_R;      // [R, H]: x itself, or its last rows
  at::Tensor scales;   // [T]
  std::optional<PackedAttention> attention;
  at::Tensor middle;         // [R, H]: behind the attention
  at::Tensor middle_scales;  // [R]
  at::Tensor gate_up;        // [R, 2 I]
};

at::Tensor last_rows(const std::vector<Group>& groups, const at::Device& device) {
  std::vector<int64_t> rows;
  for (const auto& [first_row, count, length] : groups) {
    for (int64_t i = 1; i <= count; i++) rows.push_back(first_row + i * length - 1);
  }
  return at::tensor(rows, at::kLong).to(device);
}

// Queries, keys and values of normed rows, heads turned. [R, Nq D], [T, Nk D], [T, Nk D]
struct Projected {
  at::Tensor q, k, v;
};

Projected project(const Layer& layer, const at::Tensor& normed) {
  const int64_t queries = layer.in[kQ].size(0), keys = layer.in[kK].size(0);
  const at::Tensor &cos = layer.in[kCos], &sin = layer.in[kSin];
  if (!layer.last()) {
    // One matrix product for what reads the same input.
    at::Tensor qkv = forward_product(normed, layer.weights({kQ, kK, kV}));
    rotate_heads(qkv, cos, sin, layer.heads + layer.key_value_heads, 1);
    return {qkv.narrow(1, 0, queries), qkv.narrow(1, queries, keys),
            qkv.narrow(1, queries + keys, keys)};
  }
  const at::Tensor& rows = layer.last_rows;
  at::Tensor kv = forward_product(normed, layer.weights({kK, kV}));
  rotate_heads(kv, cos, sin, layer.key_value_heads, 1);
  at::Tensor q = forward_product(normed.index_select(0, rows), layer.weight(kQ));
  rotate_heads(q, cos.index_select(0, rows), sin.index_select(0, rows), layer.heads, 1);
  return {q, kv.narrow(1, 0, keys), kv.narrow(1, keys, keys)};
}

at::Tensor forward_pass(const Layer& layer, Kept* kept) {
  const at::Tensor& x = layer.in[kX];
  const Normed normed = norm_rows(x, layer.in[kInputNorm], layer.eps, layer.type);
  const Projected heads = project(layer, normed.n);
  PackedAttention attention(heads.q, heads.k, heads.v, layer.groups, layer.head_size(), layer.last(),
                            kept != nullptr);
  const at::Tensor x_R = layer.last() ? x.index_select(0, layer.last_rows) : x;
  at::Tensor middle;
  const Normed inner =
      add_norm_rows(x_R, forward_product(attention.output(), layer.weight(kO)),
                    layer.in[kPostNorm], layer.eps, middle);
  const at::Tensor gate_up = forward_product(inner.n, layer.weights({kGate, kUp}));
  at::Tensor y = add_rows(middle, forward_product(swiglu(gate_up), layer.weight(kDown)));
  if (kept != nullptr) {
    *kept = {x_R,    normed.scales, std::move(attention), std::move(middle),
             inner.scales, gate_up};
  }
  return y;
}

// Consumes `kept`. dy [R, H] -> the gradients of the first ten inputs.
std::vector<at::Tensor> backward_pass(const Layer& layer, Kept& kept, const at::Tensor& dy) {
  std::vector<at::Tensor> d(kDown + 1);
  const int64_t wide = layer.in[kGate].size(0);
  const int64_t queries = layer.in[kQ].size(0), keys = layer.in[kK].size(0);

  const at::Tensor dy_low = dy.to(layer.type);
  const at::Tensor d_activated = input_gradient(dy_low, layer.weight(kDown));
  const at::Tensor activated = swiglu_backward(kept.gate_up, d_activated);
  d[kDown] = weight_gradient(dy_low, activated);
  const at::Tensor& d_gate_up = kept.gate_up;
  const at::Tensor inner =
      norm_rows_again(kept.middle, layer.in[kPostNorm], kept.middle_scales, layer.type);
  const at::Tensor d_both = weight_gradient(d_gate_up, inner);
  d[kGate] = d_both.narrow(0, 0, wide);
  d[kUp] = d_both.narrow(0, wide, wide);
  const at::Tensor d_inner = input_gradient(d_gate_up, layer.weights({kGate, kUp}));
  const NormGradients post = norm_rows_backward(kept.middle, layer.in[kPostNorm],
                                                kept.middle_scales, d_inner, dy);
  kept.gate_up = kept.middle = at::Tensor();
  d[kPostNorm] = post.dweight;

  const at::Tensor d_middle = post.dx.to(layer.type);
  d[kO] = weight_gradient(d_middle, kept.attention->output());
  const at::Tensor d_attended = input_gradient(d_middle, layer.weight(kO));
  const at::Tensor &x = layer.in[kX], &cos = layer.in[kCos], &sin = layer.in[kSin];
  const at::Tensor normed = norm_rows_again(x, layer.in[kInputNorm], kept.scales, layer.type);
  const auto of_type = x.options().dtype(layer.type);
  if (!layer.last()) {
    at::Tensor d_qkv = at::empty({x.size(0), queries + 2 * keys}, of_type);
    kept.attention->backward(d_attended, d_qkv.narrow(1, 0, queries),
                             d_qkv.narrow(1, queries, keys), d_qkv.narrow(1, queries + keys, keys));
    rotate_heads(d_qkv, cos, sin, layer.heads + layer.key_value_heads, -1);
    const at::Tensor d_weights = weight_gradient(d_qkv, normed);
    d[kQ] = d_weights.narrow(0, 0, queries);
    d[kK] = d_weights.narrow(0, queries, keys);
    d[kV] = d_weights.narrow(0, queries + keys, keys);
    const NormGradients input =
        norm_rows_backward(x, layer.in[kInputNorm], kept.scales,
                           input_gradient(d_qkv, layer.weights({kQ, kK, kV})), post.dx);
    d[kInputNorm] = input.dweight;
    d[kX] = input.dx;
    return d;
  }
  const at::Tensor& rows = layer.last_rows;
  at::Tensor dq = at::empty({rows.size(0), queries}, of_type);
  at::Tensor d_kv = at::empty({x.size(0), 2 * keys}, of_type);
  kept.attention->backward(d_attended, dq, d_kv.narrow(1, 0, keys), d_kv.narrow(1, keys, keys));
  rotate_heads(d_kv, cos, sin, layer.key_value_heads, -1);
  rotate_heads(dq, cos.index_select(0, rows), sin.index_select(0, rows), layer.heads, -1);
  const at::Tensor d_weights = weight_gradient(d_kv, normed);
  d[kK] = d_weights.narrow(0, 0, keys);
  d[kV] = d_weights.narrow(0, keys, keys);
  d[kQ] = weight_gradient(dq, normed.index_select(0, rows));
  // Every row is there once, so adding them by index has one order.
  at::Tensor d_normed = input_gradient(d_kv, layer.weights({kK, kV}));
  d_normed.index_add_(0, rows, input_gradient(dq, layer.weight(kQ)));
  const NormGradients input =
      norm_rows_backward(x, layer.in[kInputNorm], kept.scales, d_normed, at::Tensor());
  d[kInputNorm] = input.dweight;
  d[kX] = input.dx.index_add(0, rows, post.dx);
  return d;
}

// The loops read memory by these shapes, so they are checked before anything runs.
void require_shapes(const Layer& layer) {
  const auto& in = layer.in;
  const bool has_all = in.size() == kSin + 1 && in[kX].dim() == 2 && in[kGate].dim() == 2;
  const int64_t H = has_all ? in[kX].size(1) : 0, I = has_all ? in[kGate].size(0) : 0;
  const int64_t queries = has_all ? in[kQ].size(0) : 0;
  const auto is = [&](Input name, at::IntArrayRef shape) { return in[name].sizes() == shape; };
  const bool divides = has_all && layer.heads > 0 && layer.key_value_heads > 0 &&
                       layer.heads % layer.key_value_heads == 0 && queries % layer.heads == 0;
  const int64_t keys = divides ? queries / layer.heads * layer.key_value_heads : 0;
  const bool fits = divides && is(kInputNorm, {H}) && is(kQ, {queries, H}) && is(kK, {keys, H}) &&
                    is(kV, {keys, H}) && is(kO, {H, queries}) && is(kPostNorm, {H}) &&
                    is(kGate, {I, H}) && is(kUp, {I, H}) && is(kDown, {H, I});
  if (!fits) {
    throw std::invalid_argument(
        "the weights do not fit: x [T, H], norms [H], q [heads D, H], k and v "
        "[keyValueHeads D, H], o [H, heads D], gate and up [I, H], down [H, I]");
  }
}

Layer layer_of(const Call& call) {
  Layer layer{call.inputs(),
              call.integer("heads"),
              call.integer("keyValueHeads"),
              call.number("eps"),
              {},
              call.precision("precision"),
              {}};
  const std::vector<int64_t> groups = call.integers("groups");
  for (size_t i = 0; i + 2 < groups.size(); i += 3) {
    layer.groups.push_back({groups[i], groups[i + 1], groups[i + 2]});
  }
  require_shapes(layer);
  require_groups(layer.groups, layer.in[kX].size(0));
  if (call.text("rows") == "last") {
    layer.last_rows = last_rows(layer.groups, layer.in[kX].device());
  }
  return layer;
}

// Attributes: keep is what waits for the backward: `nothing`, the `input` alone (the forward runs
// again then) or the `activations`.
Outputs forward(const Call& call) {
  const Layer layer = layer_of(call);
  const std::string keep = call.text("keep");
  if (keep == "nothing") return forward_pass(layer, nullptr);
  if (keep == "input") {
    return {forward_pass(layer, nullptr), [layer](const at::Tensor& dy) {
              Kept kept;
              forward_pass(layer, &kept);
              return backward_pass(layer, kept, dy);
            }};
  }
  if (keep != "activations") {
    throw std::invalid_argument("keep \"" + keep +
                                "\" is not one of nothing, input, activations");
  }
  auto kept = std::make_shared<Kept>();
  at::Tensor y = forward_pass(layer, kept.get());
  return {std::move(y), [layer, kept](const at::Tensor& dy) {
            return backward_pass(layer, *kept, dy);
          }};
}

// Inputs {y, dy}. Consumes what was kept with y.
Outputs backward(const Call& call) {
  return call.session().take_pullback(call.handle(0))(call.input(1));
}

}  // namespace

void add_decoder_layer_kernels(Kernels& k) {
  k["LockstepDecoderLayer"] = forward;
  k["LockstepDecoderLayerGrad"] = backward;
}

}  // namespace lockstep
