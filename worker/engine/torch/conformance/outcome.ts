/** What became of one of tfjs-core's tests. */
export interface Outcome {
  /** Suite and test, as tfjs-core names them. */
  readonly name: string;
  readonly passed: boolean;
  readonly failures: readonly string[];
}
