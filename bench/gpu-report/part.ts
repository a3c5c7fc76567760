/** What a run on a GPU machine consists of, as data: planned before, filled in by what happened. */

export type Purpose =
  | { readonly kind: 'build' }
  | { readonly kind: 'test' }
  | { readonly kind: 'peak' }
  /** Programs in turns; the commands' `program` says which. */
  | { readonly kind: 'turns'; readonly batch: string; readonly dtype: string };

/** PyTorch promises no bits; the nearest to it is the mode `fast`. */
export const programs = ['Lockstep exact', 'Lockstep fast', 'PyTorch'] as const;

export type Program = (typeof programs)[number];

export interface Command {
  /** A program and its words. */
  readonly words: readonly string[];
  readonly program?: Program;
}

export interface Part {
  readonly name: string;
  readonly purpose: Purpose;
  readonly commands: readonly Command[];
  /** Of all its commands together. */
  readonly limitSeconds: number;
}

export type Ending =
  | { readonly kind: 'passed' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'skipped'; readonly reason: string };

export interface TestCounts {
  readonly pass: number;
  readonly fail: number;
  readonly skipped: number;
}

export interface CommandResult {
  readonly command: Command;
  /** Name of a file in the report's folder. */
  readonly log: string;
  readonly ending: Ending;
  readonly seconds: number;
  /** The last line that is a JSON object, or null. */
  readonly json: Readonly<Record<string, unknown>> | null;
  /** What node's test runner counted, or null. */
  readonly tests: TestCounts | null;
  /** The end of what it printed, for whoever reads of its failure. */
  readonly tail: string;
}

export interface PartResult {
  readonly part: Part;
  readonly ending: Ending;
  readonly seconds: number;
  readonly commands: readonly CommandResult[];
}
