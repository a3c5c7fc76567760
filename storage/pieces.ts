import { filePieceBytes } from '../shared/limits.js';

/** Of a file or a vector, in bytes; `end` exclusive. */
export interface ByteRange {
  readonly begin: number;
  readonly end: number;
}

/**
 * [begin, end) in order, in ranges of one piece at most. Hashes and calls of the system refuse
 * 2 GiB at once, and whoever reads or sends a large thing should not hold all of it.
 */
export function* piecesOf({ begin, end }: ByteRange, most: number = filePieceBytes) {
  for (let at = begin; at < end; at += most) {
    yield { begin: at, end: Math.min(end, at + most) } satisfies ByteRange;
  }
}

/** The bytes of a view, piece by piece. They are views of it, not copies. */
export function* pieceViews(view: ArrayBufferView): Generator<Uint8Array> {
  for (const { begin, end } of piecesOf({ begin: 0, end: view.byteLength })) {
    yield new Uint8Array(view.buffer, view.byteOffset + begin, end - begin);
  }
}
