/** A file of a package index that is wanted for what it carries: it is never installed. */
export interface Wheel {
  /** The package, as the index names it. */
  readonly name: string;
  readonly version: string;
  /** The very file: one that runs anywhere. */
  readonly file: string;
}

/** More than any such file has, and less than memory. */
export const wheelBytes = 64 * 1024 * 1024;
