/**
 * A file of lines with one writer, appended to while a run lasts. The place of the next line is known,
 * so what a crash or a full disk left of a line is written over; lines that cannot be written wait.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  writeSync,
} from 'node:fs';
import { linesBackwards, type PlacedLine, wholeLinesBytes } from './history-file.js';

export interface LineFileOptions {
  readonly path: string;
  /** Whether the whole lines of a file that is there stay. */
  readonly keep: boolean;
  /** Lines that wait for a disk that is full, at most: the oldest are lost then. */
  readonly linesWaiting: number;
  /** Told once when lines cannot be written; they are tried again with the next one. */
  readonly onTrouble: (error: Error) => void;
}

export class LineFile {
  readonly #options: LineFileOptions;
  readonly #file: number;
  /** Bytes of whole lines; the next one goes there. */
  #size: number;
  readonly #waiting: string[] = [];
  #lost = 0;
  #inTrouble = false;

  constructor(options: LineFileOptions) {
    const { path, keep } = options;
    this.#options = options;
    const isThere = existsSync(path);
    this.#file = openSync(path, isThere ? 'r+' : 'w+');
    this.#size = isThere && keep ? wholeLinesBytes(this.#file, fstatSync(this.#file).size) : 0;
    this.#truncate();
  }

  /** Of whole lines that are written. */
  get bytes(): number {
    return this.#size;
  }

  /** The lines that are written, the last one first. */
  backwards(): Iterable<PlacedLine> {
    return linesBackwards(this.#file, this.#size);
  }

  /** Takes back what is written from `offset` on, and puts `lines` there, before those that wait. */
  cut(offset: number, lines: readonly string[]): void {
    this.#size = offset;
    this.#waiting.unshift(...lines.map((text) => `${text}\n`));
    this.#truncate();
  }

  /** @param text without its end */
  append(text: string): void {
    this.#waiting.push(`${text}\n`);
    if (this.#waiting.length > this.#options.linesWaiting) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#write();
  }

  /** Lines that are not in the file, after one more try to write those that wait. */
  missingLines(): number {
    if (this.#waiting.length > 0) this.#write();
    return this.#waiting.length + this.#lost;
  }

  /** What is written survives the machine from here on. */
  sync(): void {
    try {
      fsyncSync(this.#file);
    } catch (error) {
      this.#options.onTrouble(error as Error);
    }
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(): void {
    const bytes = Buffer.from(this.#waiting.join(''));
    try {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.#file, bytes, at, bytes.length - at, this.#size + at);
      }
      this.#size += bytes.length;
      this.#waiting.length = 0;
      this.#inTrouble = false;
    } catch (error) {
      if (!this.#inTrouble) this.#options.onTrouble(error as Error);
      this.#inTrouble = true;
      this.#truncate();
    }
  }

  /** So that whoever reads or copies the file finds whole lines only. */
  #truncate(): void {
    ftruncateSync(this.#file, this.#size);
  }
}
