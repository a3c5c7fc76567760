/**
 * Reads a `history.jsonl` that may still grow, and that a resumed run may have cut. A file of a million
 * steps is opened within two seconds: of most steps only the loss is read then, and all other numbers of
 * one step among several.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { historyLineBytes } from '../../../process/history/read-history.js';
import type { HistoryLine, ProgressLine } from '../../../shared/history/history-line.js';
import { readLine } from '../../../shared/history/line-events.js';
import type { Step } from '../data/step-series.js';
import { holds, readStep } from './step-line.js';

const pieceBytes = 2 * 1024 * 1024;
/** Bytes behind which steps are read in part: some 30,000 of them, more than a series has points. */
const wholeBytes = 24 * 1024 * 1024;
/** Bytes from the end that hold the phases that are kept, at the pace of ten steps a second. */
const phasesBytes = 8 * 1024 * 1024;
/** Bytes before the place that was read last, by which a file that was cut is known. */
const markBytes = 256;
const newline = 0x0a;
const phasesBeginning = Buffer.from('{"kind":"phases",');

export interface HistoryReader {
  /** The file is another one than before, or was cut: everything is told again. */
  readonly onRestart: () => void;
  readonly onLine: (line: HistoryLine | ProgressLine) => void;
  readonly onStep: (step: Step) => void;
}

/** How much is read of what was found at once. */
interface Pace {
  /** Of so many steps, one is read whole. */
  readonly every: number;
  steps: number;
  /** Before this place phases are not read. */
  readonly phasesFrom: number;
}

export class HistoryTail {
  readonly #path: string;
  readonly #reader: HistoryReader;
  #offset = 0;
  #mark: Buffer = Buffer.alloc(0);
  /** As it was found at the last reading. */
  #seen: Stats | null = null;
  /** Within a line that is too long to be one of ours: the rest of it is passed over too. */
  #isPassingOver = false;

  constructor(path: string, reader: HistoryReader) {
    this.#path = path;
    this.#reader = reader;
  }

  /** Reads the whole lines that are new. @throws where the file cannot be read; absent is empty */
  async refresh(): Promise<void> {
    const file = await openFile(this.#path);
    if (file === null) return;
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new Error(`Cannot read ${this.#path}: it is no file`);
      // By all three: it may end in half a line for ever, or be another one of the same length.
      const { ino, mtimeMs, size } = this.#seen ?? {};
      if (found.size === size && found.mtimeMs === mtimeMs && found.ino === ino) return;
      if (!(await this.#isSame(file, found.size))) this.#restart();
      await this.#read(file, found.size);
      this.#seen = found;
    } finally {
      await file.close();
    }
  }

  async #read(file: FileHandle, size: number): Promise<void> {
    const every = Math.max(1, Math.ceil((size - this.#offset) / wholeBytes));
    const pace: Pace = { every, steps: 0, phasesFrom: size - phasesBytes };
    let rest: Buffer = Buffer.alloc(0);
    for await (const piece of piecesOf(file, this.#offset, size)) {
      let start = 0;
      if (rest.length > 0) {
        start = piece.indexOf(newline) + 1 || piece.length;
        rest = this.#lines(Buffer.concat([rest, piece.subarray(0, start)]), pace);
      }
      if (start < piece.length) rest = Buffer.from(this.#lines(piece.subarray(start), pace));
    }
  }

  /** Tells the whole lines; @returns what is left */
  #lines(data: Buffer, pace: Pace): Buffer {
    let start = 0;
    for (let end = data.indexOf(newline); end >= 0; end = data.indexOf(newline, start)) {
      if (!this.#isPassingOver) this.#tell(data, start, end, pace);
      this.#isPassingOver = false;
      start = end + 1;
    }
    if (this.#isPassingOver || data.length - start > historyLineBytes) {
      this.#isPassingOver = true;
      start = data.length;
    }
    this.#took(data.subarray(0, start));
    return data.subarray(start);
  }

  #tell(data: Buffer, start: number, end: number, pace: Pace): void {
    const step = readStep(data, start, end, pace.steps % pace.every === 0);
    if (step !== null) {
      pace.steps++;
      this.#reader.onStep(step);
      return;
    }
    // Only the newest of them are kept.
    const isOld = this.#offset + start < pace.phasesFrom;
    if (isOld && holds(data, start, end, phasesBeginning)) return;
    const line = readLine(data.toString('utf8', start, end));
    if (line !== null) this.#reader.onLine(line);
  }

  #took(whole: Buffer): void {
    if (whole.length === 0) return;
    this.#offset += whole.length;
    this.#mark = Buffer.concat([this.#mark, whole.subarray(-markBytes)]).subarray(-markBytes);
  }

  async #isSame(file: FileHandle, size: number): Promise<boolean> {
    if (size < this.#offset) return false;
    const there = Buffer.alloc(this.#mark.length);
    await file.read(there, 0, there.length, this.#offset - there.length);
    return there.equals(this.#mark);
  }

  #restart(): void {
    this.#offset = 0;
    this.#mark = Buffer.alloc(0);
    this.#isPassingOver = false;
    this.#reader.onRestart();
  }
}

/** The bytes from there on. A piece may be used until the next one is asked for, which is read meanwhile. */
async function* piecesOf(file: FileHandle, from: number, size: number): AsyncGenerator<Buffer> {
  const bytes = Math.min(pieceBytes, size - from);
  let [now, next] = [Buffer.allocUnsafe(bytes), Buffer.allocUnsafe(bytes)];
  let at = from;
  let reading = file.read(now, 0, bytes, at);
  try {
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      at += bytesRead;
      reading = file.read(next, 0, bytes, at);
      yield now.subarray(0, bytesRead);
      [now, next] = [next, now];
    }
  } finally {
    // The file is closed behind this. What has failed was thrown above, or nobody wants it any more.
    await reading.catch(() => undefined);
  }
}

async function openFile(path: string): Promise<FileHandle | null> {
  try {
    // A pipe would be waited for until somebody writes into it.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
