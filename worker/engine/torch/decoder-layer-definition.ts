/** The decoder layer by its definition, for tests: small, slow, in double precision. */

export interface LayerCase {
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly headSize: number;
  readonly intermediateSize: number;
  /** heads * headSize where it is left out. */
  readonly hiddenSize?: number;
  readonly attentionBias?: 'qkv' | 'qkvo';
  readonly queryKeyNorm?: true;
  /** [count, length] of each group, and how many of its rows are leaves. */
  readonly groups: readonly (readonly [count: number, length: number, leaves?: number])[];
  /** Which rows come out; all where it is left out. */
  readonly rows?: 'all' | 'last';
}

/** Numbers that look random and are the same in every run, in [-0.5, 0.5). */
export function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
}

export interface Layer {
  readonly inputs: Readonly<Record<string, Float64Array>>;
  readonly shapes: Readonly<Record<string, number[]>>;
  readonly attributes: {
    heads: number;
    keyValueHeads: number;
    eps: number;
    groups: number[];
    leaves: number[];
    rows: 'all' | 'last';
    precision: 'f32' | 'bf16';
    /** The inputs whose gradients are wanted. */
    wants: string;
  };
}

/** In the order of the kernel, which is that of the gradients; a layer has some of the second line. */
export const inputNames = [
  ...['x', 'inputNorm', 'q', 'k', 'v', 'o', 'postNorm', 'gate', 'up', 'down'],
  ...['qBias', 'kBias', 'vBias', 'oBias', 'qNorm', 'kNorm'],
];

export function makeLayer(of: LayerCase, seed = 1): Layer {
  const { heads, keyValueHeads, headSize: D, intermediateSize: I } = of;
  const { hiddenSize: H = heads * D, attentionBias, queryKeyNorm } = of;
  const groups: number[] = [];
  let T = 0;
  for (const [count, length] of of.groups) {
    groups.push(T, count, length);
    T += count * length;
  }
  const shapes: Record<string, number[]> = {
    x: [T, H],
    inputNorm: [H],
    q: [heads * D, H],
    k: [keyValueHeads * D, H],
    v: [keyValueHeads * D, H],
    o: [H, heads * D],
    postNorm: [H],
    gate: [I, H],
    up: [I, H],
    down: [H, I],
    ...(attentionBias !== undefined && {
      qBias: [heads * D],
      kBias: [keyValueHeads * D],
      vBias: [keyValueHeads * D],
    }),
    ...(attentionBias === 'qkvo' && { oBias: [H] }),
    ...(queryKeyNorm && { qNorm: [D], kNorm: [D] }),
    cos: [T, D / 2],
    sin: [T, D / 2],
  };
  const next = sequence(seed);
  const inputs = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]) => {
      const size = shape.reduce((product, extent) => product * extent, 1);
      // Rounded, so that the definition in double precision starts from the very same numbers.
      const offset = name.endsWith('Norm') ? 1 : 0;
      return [name, Float64Array.from({ length: size }, () => Math.fround(next() + offset))];
    }),
  );
  const rows = of.rows ?? 'all';
  const wants = inputNames.filter((name) => name in shapes).join(' ');
  return {
    inputs,
    shapes,
    attributes: {
      heads,
      keyValueHeads,
      eps: 1e-5,
      groups,
      leaves: of.groups.map(([, , leaves]) => leaves ?? 0),
      rows,
      precision: 'f32',
      wants,
    },
  };
}

/** The layer by its definition, one number at a time, in double precision. -> [rows that come out, H] */
export function define({ inputs, shapes, attributes }: Layer): Float64Array {
  const { heads, keyValueHeads, eps, groups } = attributes;
  const [T, H] = shapes.x as [number, number];
  const D = ((shapes.q as number[])[0] as number) / heads;
  const I = (shapes.gate as number[])[0] as number;
  const at = (name: string): Float64Array => inputs[name] as Float64Array;
  const norm = (row: Float64Array, weight: Float64Array): Float64Array => {
    const scale = 1 / Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / row.length + eps);
    return row.map((v, h) => v * scale * (weight[h] as number));
  };
  const linear = (
    row: Float64Array,
    weight: Float64Array,
    size: number,
    bias?: Float64Array,
  ): Float64Array =>
    Float64Array.from({ length: size }, (_, out) =>
      row.reduce(
        (sum, v, i) => sum + v * (weight[out * row.length + i] as number),
        bias?.[out] ?? 0,
      ),
    );
  const normHeads = (row: Float64Array, weight: Float64Array | undefined): Float64Array =>
    weight === undefined
      ? row
      : Float64Array.from(
          Array.from({ length: row.length / D }, (_, head) => [
            ...norm(row.slice(head * D, (head + 1) * D), weight),
          ]).flat(),
        );
  const rotate = (row: Float64Array, t: number): Float64Array =>
    row.map((v, index) => {
      const [start, i] = [index - (index % D), index % D];
      const turn = t * (D / 2) + (i % (D / 2));
      const other = row[start + ((i + D / 2) % D)] as number;
      const sine = at('sin')[turn] as number;
      return v * (at('cos')[turn] as number) + (i < D / 2 ? -other : other) * sine;
    });
  const rows = Array.from({ length: T }, (_, t) => at('x').slice(t * H, (t + 1) * H));
  const normed = rows.map((row) => norm(row, at('inputNorm')));
  const q = normed.map((row, t) =>
    rotate(normHeads(linear(row, at('q'), heads * D, inputs.qBias), inputs.qNorm), t),
  );
  const k = normed.map((row, t) =>
    rotate(normHeads(linear(row, at('k'), keyValueHeads * D, inputs.kBias), inputs.kNorm), t),
  );
  const v = normed.map((row) => linear(row, at('v'), keyValueHeads * D, inputs.vBias));
  const y = new Float64Array(T * H);
  for (let g = 0; g < groups.length; g += 3) {
    const [first, count, length] = groups.slice(g, g + 3) as [number, number, number];
    for (let t = first; t < first + count * length; t++) {
      const start = t - ((t - first) % length);
      const shared = start + length - (attributes.leaves[g / 3] as number);
      // What the row sees: those before it, of which a leaf has only those that no leaf is.
      const seen = Array.from({ length: t - start + 1 }, (_, s) => start + s).filter(
        (s) => s === t || s < shared,
      );
      const attended = new Float64Array(heads * D);
      for (let head = 0; head < heads; head++) {
        const from = Math.floor((head * keyValueHeads) / heads) * D;
        const weights = seen.map((s) => {
          let score = 0;
          for (let d = 0; d < D; d++) {
            score += (q[t]?.[head * D + d] as number) * (k[s]?.[from + d] as number);
          }
          return Math.exp(score / Math.sqrt(D));
        });
        const sum = weights.reduce((a, b) => a + b, 0);
        for (let d = 0; d < D; d++) {
          attended[head * D + d] = weights.reduce(
            (total, w, s) => total + (w / sum) * (v[seen[s] as number]?.[from + d] as number),
            0,
          );
        }
      }
      const middle = linear(attended, at('o'), H, inputs.oBias).map(
        (e, h) => e + (rows[t]?.[h] as number),
      );
      const inner = norm(middle, at('postNorm'));
      const up = linear(inner, at('up'), I);
      const gated = linear(inner, at('gate'), I).map(
        (e, i) => (e / (1 + Math.exp(-e))) * (up[i] as number),
      );
      linear(gated, at('down'), H).forEach((e, h) => {
        y[t * H + h] = e + (middle[h] as number);
      });
    }
  }
  return attributes.rows === 'all' ? y : lastRowsOf(y, groups, H);
}

function lastRowsOf(y: Float64Array, groups: readonly number[], H: number): Float64Array {
  const rows: number[] = [];
  for (let g = 0; g < groups.length; g += 3) {
    const [first, count, length] = groups.slice(g, g + 3) as [number, number, number];
    for (let i = 1; i <= count; i++) rows.push(first + i * length - 1);
  }
  return Float64Array.from(rows.flatMap((row) => [...y.subarray(row * H, (row + 1) * H)]));
}
