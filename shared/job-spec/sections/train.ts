/** What of a tower training moves: docs/training.md. */
import { z } from 'zod';
import { integer, kindOf, real, subsetOf } from '../fields.js';

const trainKind = kindOf(
  ['all', 'lora', 'last', 'nothing'],
  'What training moves of this model: all of it; low-rank adapters beside its matrices (LoRA, ' +
    'arXiv:2106.09685) and, of the Item LLM, the [ITEM] token; its last layers and the norm behind ' +
    'them; or nothing. What is frozen has no gradient, no moments and no backward. Parameters of the ' +
    'objective, such as `logit_scale`, always train.',
);

/** The matrices of a layer that an adapter may stand beside, in their order within the layer. */
export const adapterTargets = ['q', 'k', 'v', 'o', 'gate', 'up', 'down'] as const;

export const train = z.discriminatedUnion('kind', [
  z.strictObject({ kind: trainKind.byDefault('all') }),
  z.strictObject({
    kind: trainKind.one('lora'),
    rank: integer(
      '[1, 1024]',
      'Rank of the adapters: an adapter of W [out, in] is B A with A [rank, in].',
    ).default(8),
    alpha: real('(0, 100000]', 'Adapters are scaled by `alpha` / `rank`.').default(16),
    targets: subsetOf(
      adapterTargets,
      'Matrices of every layer that have an adapter: projections of the attention, gate, up and down.',
    ).default(['q', 'v']),
  }),
  z.strictObject({
    kind: trainKind.one('last'),
    layers: integer('[1, 256]', 'Layers that train, counted from the last; at most the model’s.'),
  }),
  z.strictObject({ kind: trainKind.one('nothing') }),
]);

type Train = z.output<typeof train>;
type Everything = { readonly kind?: 'all' | undefined };
/** The forms that a job carries: everything trains where there is none. */
export type PartlyTrained = Exclude<Train, Everything>;

/** Left out where it says what holds anyway: the same model is the same job. */
export const partlyTrained = (given: Train = {}): { readonly train?: PartlyTrained } =>
  isEverything(given) ? {} : { train: given };

const isEverything = (given: Train): given is Extract<Train, Everything> =>
  given.kind === undefined || given.kind === 'all';
