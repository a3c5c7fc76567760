/** Lines of a history from a place on, piece by piece, while it grows. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import { isProgress } from '../../../shared/history/history-line.js';
import { readLine } from '../../../shared/history/line-events.js';
import { linesBackwards, wholeLinesBytes } from '../../history/history-file.js';

/** Of a piece: some hundred steps. */
const pieceBytes = 256 * 1024;
const newline = 0x0a;

export interface ReadPiece {
  readonly lines: readonly HistoryLine[];
  /** Behind them. */
  readonly offset: number;
  /** There is more behind. */
  readonly hasMore: boolean;
}

export class LineSource {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /** The whole lines from `offset` on, as far as a piece reaches; none where there is nothing new. */
  read(offset: number): ReadPiece {
    return this.#open((file) => {
      for (let bytes = pieceBytes; ; bytes *= 2) {
        const left = fstatSync(file).size - offset;
        const piece = Buffer.alloc(Math.max(0, Math.min(bytes, left)));
        const read = readSync(file, piece, 0, piece.length, offset);
        const end = piece.lastIndexOf(newline, read - 1) + 1;
        if (end === 0 && read === bytes) continue;
        const texts = piece.toString('utf8', 0, end).split('\n');
        const lines = texts.flatMap(historyLineOf);
        return { lines, offset: offset + end, hasMore: left > read };
      }
    });
  }

  /** Behind the last line for which `isBefore`; 0 where there is none. Reads from the end. */
  placeAfter(isBefore: (line: HistoryLine) => boolean): number {
    return this.#open((file) => {
      const size = wholeLinesBytes(file, fstatSync(file).size);
      let place = size;
      for (const { text, offset } of linesBackwards(file, size)) {
        if (historyLineOf(text).some(isBefore)) return place;
        place = offset;
      }
      return 0;
    });
  }

  #open<Result>(work: (file: number) => Result): Result {
    const file = openSync(this.#path, 'r');
    try {
      return work(file);
    } finally {
      closeSync(file);
    }
  }
}

function historyLineOf(text: string): HistoryLine[] {
  const line = readLine(text);
  return line === null || isProgress(line) ? [] : [line];
}
