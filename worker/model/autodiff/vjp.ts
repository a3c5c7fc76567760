/**
 * Vector-Jacobian products with a gap in the middle: `const [y, pullback] = vjp(f)(inputs)` runs
 * `f` without recording anything, and `pullback(dy)`, whenever it is called, runs it again under
 * tfjs's tape. Between the two only the inputs are held, so a step can wait for the network there.
 * `openEngine` has registered the gradients of the operations.
 */
import { dispose, grads, keep, type Tensor, tidy } from '@tensorflow/tfjs-core';

export type NamedTensors<Name extends string> = Readonly<Record<Name, Tensor>>;

/** Consumes what `vjp` kept: it runs once. */
export interface Pullback<Name extends string> {
  /** The gradient of sum(y * dy) with respect to every input; the caller disposes of them. */
  (dy: Tensor): NamedTensors<Name>;
  /** Where no gradient is wanted any more; after a gradient there is nothing left. */
  dispose(): void;
}

export function vjp<Name extends string, Y extends Tensor>(
  f: (inputs: NamedTensors<Name>) => Y,
): (inputs: NamedTensors<Name>) => [y: Y, pullback: Pullback<Name>] {
  return (inputs) => {
    const names = Object.keys(inputs) as Name[];
    const named = (tensors: readonly Tensor[]): NamedTensors<Name> =>
      Object.fromEntries(names.map((name, i) => [name, tensors[i]])) as NamedTensors<Name>;
    // Clones share the data and count as holders of it, so the caller may dispose of its own.
    const kept = names.map((name) => keep(inputs[name].clone()));
    const release = (): void => dispose(kept);

    const pullback = (dy: Tensor): NamedTensors<Name> => {
      const gradients = grads((...tensors: Tensor[]) => f(named(tensors)))(kept, dy);
      release();
      return named(gradients);
    };
    return [tidy(() => f(inputs)), Object.assign(pullback, { dispose: release })];
  };
}
