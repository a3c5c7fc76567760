/** A reader of bytes from outside, as the fuzzer sees it. */
export interface Target {
  readonly name: string;
  /** Inputs that are read without a complaint; what is tried grows out of them. */
  readonly seeds: readonly Uint8Array[];
  /** Returns what it has read, or throws an error of the documented kind. */
  read(input: Uint8Array): unknown;
  /** Whether an error is one that the reader documents. */
  isRefusal(error: unknown): boolean;
  /** What was read as bytes again, where there is a writer. */
  write?(value: unknown): Uint8Array;
  /** Inputs as trees of values, so that they can be changed without being torn. */
  readonly format?: Format;
}

export interface Format {
  /** @throws anything for bytes that are no such tree */
  open(bytes: Uint8Array): unknown;
  close(value: unknown): Uint8Array;
}

/** What may be wrong with a reader. */
export type Problem =
  /** It threw what it does not document. */
  | { readonly kind: 'error'; readonly error: string }
  /** What it read is not what it reads of that again. */
  | { readonly kind: 'changed'; readonly detail: string }
  | { readonly kind: 'slow'; readonly milliseconds: number }
  /** It set aside, or returned, much more memory than the input can be worth. */
  | { readonly kind: 'memory'; readonly bytes: number };

export const problemText = (problem: Problem): string => {
  switch (problem.kind) {
    case 'error':
      return `it throws ${problem.error}`;
    case 'changed':
      return `what it read is another when it is written and read again: ${problem.detail}`;
    case 'slow':
      return `it takes ${problem.milliseconds} ms`;
    case 'memory':
      return `it takes ${problem.bytes} bytes of memory`;
  }
};

/** JSON in UTF-8, and msgpack by its functions. */
export const json: Format = {
  open: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
  close: (value) => new TextEncoder().encode(JSON.stringify(value) ?? 'null'),
};

/** JSON that does not tell in which order fields came. */
export const sortedJson = (value: unknown): Uint8Array => json.close(sorted(value));

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sorted(entry)]));
}
