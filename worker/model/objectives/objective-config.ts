/** What a model needs to know of its objective; `open-objective.ts` has a line for each kind. */
export type ObjectiveConfig =
  | { readonly kind: 'generative' }
  | {
      readonly kind: 'early-fusion' | 'late-fusion';
      /** Factor of the generative loss; with 0 there is no generative part. */
      readonly generativeWeight: number;
    };
