/**
 * `history.jsonl` as bytes. It may have millions of lines, and what matters stands at its end, so it
 * is read backwards and in pieces.
 */
import { readSync } from 'node:fs';

const pieceBytes = 64 * 1024;
const newline = 0x0a;

export interface PlacedLine {
  /** Without its end. */
  readonly text: string;
  /** Of its first byte. */
  readonly offset: number;
}

/** Bytes of the whole lines among the first `size` of a file: what a crash left of a line is not. */
export function wholeLinesBytes(file: number, size: number): number {
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - pieceBytes);
    const at = read(file, start, end).lastIndexOf(newline);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return 0;
}

/** The lines of a file's first `size` bytes, which end with one; the last line first. */
export function* linesBackwards(file: number, size: number): Generator<PlacedLine> {
  // Bytes of a line whose beginning has not been read yet, without its end.
  let rest = Buffer.alloc(0);
  let hasLine = false;
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - pieceBytes);
    const piece = read(file, start, end);
    let lineEnd = piece.length;
    for (let at = piece.lastIndexOf(newline); at >= 0; ) {
      if (hasLine)
        yield line(Buffer.concat([piece.subarray(at + 1, lineEnd), rest]), start + at + 1);
      rest = Buffer.alloc(0);
      hasLine = true;
      lineEnd = at;
      at = at === 0 ? -1 : piece.lastIndexOf(newline, at - 1);
    }
    rest = Buffer.concat([piece.subarray(0, lineEnd), rest]);
    end = start;
  }
  if (hasLine) yield line(rest, 0);
}

const line = (bytes: Buffer, offset: number): PlacedLine => ({
  text: bytes.toString('utf8'),
  offset,
});

function read(file: number, start: number, end: number): Buffer {
  const piece = Buffer.alloc(end - start);
  for (let at = 0; at < piece.length; ) {
    const bytes = readSync(file, piece, at, piece.length - at, start + at);
    if (bytes === 0) return piece.subarray(0, at);
    at += bytes;
  }
  return piece;
}
