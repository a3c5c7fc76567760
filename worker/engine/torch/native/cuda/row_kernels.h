// What one team of lanes does with one row of a decoder layer, or one lane with one element: the
// bodies of the kernels of row_kernels.cu. Plain C++ without headers, so that CUDA's run-time
// compiler reads it as it is and a test on a CPU can run the same lines, with teams of one lane.
//
// The includer defines LOCKSTEP_BODY (before each function), bits_of, float_of, exp_of, log_of and
// root_of. A Team has `lane`, `lanes`, and `sum` and `largest`, which every lane calls and which
// give all the same.
//
// Legend: A the type of activations, H hidden size, I width of the feed-forward layer, D head size.

struct Low {
  unsigned short bits;  // the upper half of a float: bfloat16
};

LOCKSTEP_BODY inline float load(float value) { return value; }
LOCKSTEP_BODY inline float load(Low value) {
  return float_of(static_cast<unsigned int>(value.bits) << 16);
}

LOCKSTEP_BODY inline void store(float value, float& to) { to = value; }
// Rounds to nearest, ties to even. A NaN stays one: rounding could carry it over into a zero.
LOCKSTEP_BODY inline void store(float value, Low& to) {
  const unsigned int bits = bits_of(value);
  const unsigned int rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
  to.bits = static_cast<unsigned short>(value != value ? 0x7fc0u : rounded);
}

template <typename Team, typename A>
LOCKSTEP_BODY inline void norm_again_row(const Team& team, const float* x, const float* weight,
                                         float scale, A* n, int H) {
  for (int i = team.lane; i < H; i += team.lanes) store(x[i] * scale * weight[i], n[i]);
}

// n = x scale weight, where scale = 1 / sqrt(mean(x^2) + eps).
template <typename Team, typename A>
LOCKSTEP_BODY inline void norm_row(const Team& team, const float* x, const float* weight, float eps,
                                   A* n, float* scale, int H) {
  float squares = 0.0f;
  for (int i = team.lane; i < H; i += team.lanes) squares += x[i] * x[i];
  const float factor = 1.0f / root_of(team.sum(squares) / static_cast<float>(H) + eps);
  norm_again_row(team, x, weight, factor, n, H);
  if (team.lane == 0) *scale = factor;
}

// The same of sum = x + branch. A lane reads only what it has written.
template <typename Team, typename A>
LOCKSTEP_BODY inline void add_norm_row(const Team& team, const float* x, const A* branch,
                                       const float* weight, float eps, float* sum, A* n,
                                       float* scale, int H) {
  for (int i = team.lane; i < H; i += team.lanes) sum[i] = x[i] + load(branch[i]);
  norm_row(team, sum, weight, eps, n, scale, H);
}

// With m = mean(dn weight x): dx = residual + scale (dn weight - x m scale^2). residual may be
// null.
template <typename Team, typename A>
LOCKSTEP_BODY inline void norm_backward_row(const Team& team, const float* x, const float* weight,
                                            float scale, const A* dn, const float* residual,
                                            float* dx, int H) {
  float along = 0.0f;
  for (int i = team.lane; i < H; i += team.lanes) along += load(dn[i]) * weight[i] * x[i];
  const float slope = team.sum(along) / static_cast<float>(H) * scale * scale;
  for (int i = team.lane; i < H; i += team.lanes) {
    const float d = scale * (load(dn[i]) * weight[i] - x[i] * slope);
    dx[i] = residual == nullptr ? d : residual[i] + d;
  }
}

// A column's share of the norm's gradient from the rows [first, end), in their order.
template <typename A>
LOCKSTEP_BODY inline float norm_weight_share(const float* x, const float* scales, const A* dn,
                                             long long first, long long end, int column, int H) {
  float share = 0.0f;
  for (long long t = first; t < end; t++) {
    share += load(dn[t * H + column]) * (x[t * H + column] * scales[t]);
  }
  return share;
}

// Turns the pair i of a head; direction -1 turns back. cos, sin: [D/2]
template <typename A>
LOCKSTEP_BODY inline void rotate_pair(A* head, const float* cos, const float* sin, float direction,
                                      int i, int half) {
  const float first = load(head[i]), second = load(head[i + half]);
  const float sine = direction * sin[i];
  store(first * cos[i] - second * sine, head[i]);
  store(second * cos[i] + first * sine, head[i + half]);
}

// a = silu(gate) up. gate_up: [2 I]
template <typename A>
LOCKSTEP_BODY inline void swiglu_element(const A* gate_up, A* a, int i, int I) {
  const float gate = load(gate_up[i]);
  store(gate / (1.0f + exp_of(-gate)) * load(gate_up[I + i]), a[i]);
}

// a again, and the gradient of gate_up over gate_up itself.
template <typename A>
LOCKSTEP_BODY inline void swiglu_backward_element(A* gate_up, const A* da, A* a, int i, int I) {
  const float gate = load(gate_up[i]), up = load(gate_up[I + i]), d = load(da[i]);
  const float sigmoid = 1.0f / (1.0f + exp_of(-gate)), silu = gate * sigmoid;
  store(silu * up, a[i]);
  store(d * up * (sigmoid + silu * (1.0f - sigmoid)), gate_up[i]);
  store(d * silu, gate_up[I + i]);
}

struct LossRowOut {
  float *best, *normaliser, *masked, *temperature;
};

// RowOps::loss of one prediction with its K negatives; `logits` may be null. A lane reads only what
// it has written.
template <typename Team>
LOCKSTEP_BODY inline void loss_row(const Team& team, float* cosines, float* likeness,
                                   float positive_logit, float scale, float threshold, float weight,
                                   int K, float* logits, const LossRowOut& out) {
  const float lowest = float_of(0xff800000u);
  float top = positive_logit, left_out = 0.0f;
  for (int i = team.lane; i < K; i += team.lanes) {
    const bool is_out = likeness[i] > threshold;
    const float logit = is_out ? lowest : scale * cosines[i];
    if (logits != nullptr) logits[i] = logit;
    left_out += is_out ? 1.0f : 0.0f;
    top = logit > top ? logit : top;
  }
  const float best = team.largest(top), masked = team.sum(left_out);
  float sum = 0.0f;
  for (int i = team.lane; i < K; i += team.lanes) {
    const float share = exp_of(scale * cosines[i] - best);
    likeness[i] = likeness[i] > threshold ? 0.0f : share;
    sum += likeness[i];
  }
  const float total = team.sum(sum) + exp_of(positive_logit - best), part = weight / total;
  float products = 0.0f;
  for (int i = team.lane; i < K; i += team.lanes) {
    const float share = likeness[i] * part;
    products += share * cosines[i];
    cosines[i] = share;
  }
  const float temperature = team.sum(products);
  if (team.lane != 0) return;
  *out.best = best;
  *out.normaliser = best + log_of(total);
  *out.masked = masked;
  *out.temperature = temperature;
}
