/** What a model needs to know of its objective; `open-objective.ts` has a line for each kind. */
export type ObjectiveConfig = { readonly kind: 'generative' };
