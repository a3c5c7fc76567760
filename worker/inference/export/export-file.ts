/** One file of an export before it is written. */
export interface ExportFile {
  /** Within the folder, with `/`. */
  readonly name: string;
  /** For people. */
  readonly what: string;
  /** What `content` will be, about. */
  readonly bytes: number;
  /** Sizes and counts that a reader wants to know before it opens the file. */
  readonly details: Readonly<Record<string, unknown>>;
  content(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

const encoder = new TextEncoder();

export function jsonFile(name: string, what: string, value: object): ExportFile {
  const bytes = encoder.encode(`${JSON.stringify(value, null, 2)}\n`);
  return { name, what, bytes: bytes.byteLength, details: {}, content: () => [bytes] };
}

/** Rows whose embeddings are in memory at once: some MiB at any width that a model has. */
export const rowsOfGroup = (hidden: number): number => Math.max(1, Math.floor(2 ** 20 / hidden));

/** [begin, end) in order, in ranges of at most `most` rows. */
export function* rowRanges(rows: number, most: number): Generator<readonly [number, number]> {
  for (let begin = 0; begin < rows; begin += most) yield [begin, Math.min(rows, begin + most)];
}
