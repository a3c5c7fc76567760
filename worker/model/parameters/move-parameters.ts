/**
 * The parameters of a model where something else trains: at the border of a stage, from the weights of
 * another job, for an export. What is computed stays the same.
 */
import { type Tensor2D, tensor2d, tidy } from '@tensorflow/tfjs-core';
import { adaptedWeight } from './adapted-weight.js';
import { fillAdapter } from './initial-weights.js';
import type { Adapter, ParameterEntry, ParameterLayout } from './parameter-layout.js';
import { readInto } from './read-into.js';
import { adapterMatrix, type TowerTraining } from './what-trains.js';

export interface FlatParameters {
  readonly layout: ParameterLayout;
  /** [P] */
  readonly flat: Float32Array;
}

/** Two layouts are of different models; the reaction is to give the model that the weights are of. */
export class ForeignParametersError extends Error {
  override readonly name = 'ForeignParametersError';
  readonly code = 'TENSOR_MISMATCH';
}

/**
 * Copies every parameter by its name. An adapter that `to` has too is kept; another one is added to its
 * matrix, and an adapter that is new begins without effect, as from the job's seed. Needs an engine,
 * whose arithmetic the sum has: merged, a model computes the very same on it.
 *
 * @throws ForeignParametersError where a parameter is missing or has another shape; `to` is worth
 *   nothing then.
 */
export function moveParameters(from: FlatParameters, to: FlatParameters, seed: number): void {
  const kept = keptAdapters(from.layout, to.layout);
  for (const entry of to.layout.entries) {
    const values = to.layout.view(to.flat, entry.name);
    if (adapterMatrix(entry.name) !== null && !kept.has(entry.name)) {
      fillAdapter(entry, values, seed);
      continue;
    }
    const source = sourceOf(entry, from.layout);
    const adapter = from.layout.adapterOf(entry.name);
    if (adapter === null || kept.has(adapter.a))
      values.set(from.layout.view(from.flat, source.name));
    else merge(adapter, from, values);
  }
}

/** The same model without adapters. Needs an engine. */
export function mergeAdapters({ layout, flat }: FlatParameters): FlatParameters {
  const whole = (training: TowerTraining): TowerTraining =>
    training.kind === 'lora' ? { kind: 'all' } : training;
  const merged = layout.training({
    item: whole(layout.trains.item),
    user: whole(layout.trains.user),
  });
  const into = { layout: merged, flat: new Float32Array(merged.length) };
  // No adapter begins anew where there are none.
  moveParameters({ layout, flat }, into, 0);
  return into;
}

/**
 * The values of a parameter with its adapter, where it has one: then memory of its own and an engine are
 * needed, else a view.
 */
export function mergedWeight(from: FlatParameters, name: string): Float32Array {
  const adapter = from.layout.adapterOf(name);
  if (adapter === null) return from.layout.view(from.flat, name);
  const values = new Float32Array(from.layout.entry(name).size);
  merge(adapter, from, values);
  return values;
}

/** Names of the matrices of adapters that both layouts have. */
function keptAdapters(from: ParameterLayout, to: ParameterLayout): ReadonlySet<string> {
  const kept = from.adapters.filter((adapter) => {
    const other = to.adapterOf(adapter.weight);
    return (
      other?.scale === adapter.scale && same(from.entry(adapter.a).shape, to.entry(other.a).shape)
    );
  });
  return new Set(kept.flatMap(({ a, b }) => [a, b]));
}

function sourceOf({ name, shape }: ParameterEntry, from: ParameterLayout): ParameterEntry {
  if (!from.has(name)) {
    throw new ForeignParametersError(`Cannot use the weights: the parameter "${name}" is missing`);
  }
  const source = from.entry(name);
  if (same(source.shape, shape)) return source;
  throw new ForeignParametersError(
    `Cannot use the weights: the parameter "${name}" is [${source.shape}]: the model needs [${shape}]`,
  );
}

const same = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join();

function merge(
  { weight, a, b, scale }: Adapter,
  { layout, flat }: FlatParameters,
  into: Float32Array,
): void {
  const load = (name: string): Tensor2D =>
    tensor2d(layout.view(flat, name), layout.entry(name).shape as [number, number]);
  tidy(() => {
    readInto(adaptedWeight(load(weight), { a: load(a), b: load(b), scale }), into);
  });
}
