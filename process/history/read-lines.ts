/** The lines of a file that may be long, may be damaged and may be written to meanwhile. */
import { createReadStream } from 'node:fs';

const newline = 0x0a;

export type ReadLine =
  | { readonly kind: 'line'; readonly text: string }
  /** Longer than anything that would be written there; its text is left out. */
  | { readonly kind: 'too-long' }
  /** The file ends within it: its writer was killed, or writes it now. */
  | { readonly kind: 'torn' };

/** @param longest bytes of a line */
export async function* readLines(path: string, longest: number): AsyncGenerator<ReadLine> {
  let pieces: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      bytes += end - start;
      if (bytes > longest) yield { kind: 'too-long' };
      else yield { kind: 'line', text: textOf([...pieces, chunk.subarray(start, end)]) };
      pieces = [];
      bytes = 0;
      start = end + 1;
    }
    bytes += chunk.length - start;
    // Only what could still be a line is kept.
    if (bytes > longest) pieces = [];
    else if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
  if (bytes > 0) yield { kind: 'torn' };
}

const textOf = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString('utf8');
