/**
 * The prediction head: `head_out(silu(head_in(x)))`, a logit for each row of x.
 *
 * Legend: T targets, W width of what the head reads, H hidden size.
 */
import { add, dispose, mul, sigmoid, type Tensor, tensor, tensor2d } from '@tensorflow/tfjs-core';
import { vjp } from '../../autodiff/vjp.js';
import { linear } from '../../decoder/linear.js';
import type { NamedShape, ParameterLayout } from '../../parameters/parameter-layout.js';
import { readInto } from '../../parameters/read-into.js';

const names = {
  inWeight: 'head_in.weight',
  inBias: 'head_in.bias',
  outWeight: 'head_out.weight',
  outBias: 'head_out.bias',
} as const;

type HeadInput = 'x' | keyof typeof names;

export const headParameters = (hidden: number, width: number): readonly NamedShape[] => [
  [names.inWeight, [hidden, width]],
  [names.inBias, [hidden]],
  [names.outWeight, [1, hidden]],
  [names.outBias, [1]],
];

export interface HeadPass {
  /** [T] */
  readonly logits: Float32Array;
  /** Writes the head's part of the flat `gradient`; returns that of x [T * W]. Runs once. */
  pullback(dLogits_T: Float32Array, gradient: Float32Array): Float32Array;
  /** Where no gradient is wanted. */
  dispose(): void;
}

/** @param x_TW [T * W], T > 0 */
export function runHead(x_TW: Float32Array, layout: ParameterLayout, flat: Float32Array): HeadPass {
  const [, width] = layout.entry(names.inWeight).shape as readonly [number, number];
  const targets = x_TW.length / width;
  const x = tensor2d(x_TW, [targets, width]);
  const weights = entriesOf((name) =>
    tensor(layout.view(flat, name), [...layout.entry(name).shape], 'float32'),
  );
  const [logits, pullback] = vjp<HeadInput, Tensor>(compose)({ x, ...weights });
  dispose([x, ...Object.values<Tensor>(weights)]);
  const values = logits.dataSync<'float32'>();
  logits.dispose();
  return {
    logits: values,
    dispose: () => pullback.dispose(),
    pullback: (dLogits_T, gradient) => {
      const dy = tensor2d(dLogits_T, [targets, 1]);
      const { x: dx, ...own } = pullback(dy);
      entriesOf((name, key) => readInto(own[key], layout.view(gradient, name)));
      const data = dx.dataSync<'float32'>();
      dispose([dy, dx, ...Object.values<Tensor>(own)]);
      return data;
    },
  };
}

function compose(inputs: Readonly<Record<HeadInput, Tensor>>): Tensor {
  const inner = add(linear(inputs.x, inputs.inWeight), inputs.inBias);
  return add(linear(mul(inner, sigmoid(inner)), inputs.outWeight), inputs.outBias);
}

function entriesOf<Value>(
  made: (name: string, key: keyof typeof names) => Value,
): Readonly<Record<keyof typeof names, Value>> {
  const keys = Object.keys(names) as (keyof typeof names)[];
  return Object.fromEntries(keys.map((key) => [key, made(names[key], key)])) as Readonly<
    Record<keyof typeof names, Value>
  >;
}
