/**
 * Reads the ledger of a folder that may still grow: a piece each time it is asked, so that one of a gigabyte
 * holds up nobody. Nobody has asked, nothing is read.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { ledgerFiles, ledgerFolderOf } from '../../../process/history/ledger-file.js';
import { decodeLedgerLine, LedgerLineError } from '../../../shared/ledger/ledger-line.js';
import { ledgerLineBytes } from '../../../shared/limits.js';
import type { LedgerState } from '../data/api.js';
import { type FoldedJob, LedgerFold } from './ledger-fold.js';

/** Some ten milliseconds of reading, and room for any line. */
const pieceBytes = 4 * ledgerLineBytes;
const newline = 0x0a;

export class LedgerTail {
  readonly #folder: string;
  #fold: LedgerFold | null = null;
  #file = 0;
  #offset = 0;
  #line = 0;
  #reading: Promise<LedgerState | null> | null = null;

  /** @param folder of the run */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads what is new, a piece of it at most. Null where there is no ledger. */
  read(job: FoldedJob): Promise<LedgerState | null> {
    this.#reading ??= this.#read(job).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** The run was begun again. */
  restart(): void {
    this.#fold = null;
    this.#file = 0;
    this.#offset = 0;
    this.#line = 0;
  }

  async #read(job: FoldedJob): Promise<LedgerState | null> {
    const files = ledgerFiles(this.#folder);
    const name = files[this.#file];
    if (name === undefined) return null;
    this.#fold ??= new LedgerFold(job);
    const fold = this.#fold;
    const file = await open(join(ledgerFolderOf(this.#folder), name));
    try {
      const taken = await this.#piece(file, name, fold);
      const { size } = await file.stat();
      // A file that another follows grows no more.
      const isLast = this.#file === files.length - 1;
      if (taken === 0 && !isLast) this.#next();
      return fold.state(!isLast || (taken > 0 && this.#offset < size));
    } finally {
      await file.close();
    }
  }

  #next(): void {
    this.#file++;
    this.#offset = 0;
    this.#line = 0;
  }

  /** @returns bytes of the whole lines that it has taken */
  async #piece(file: FileHandle, name: string, fold: LedgerFold): Promise<number> {
    const buffer = Buffer.allocUnsafe(pieceBytes);
    const { bytesRead } = await file.read(buffer, 0, pieceBytes, this.#offset);
    let start = 0;
    for (;;) {
      const end = buffer.indexOf(newline, start);
      if (end < 0 || end >= bytesRead) break;
      this.#take(buffer.toString('utf8', start, end), name, fold);
      start = end + 1;
    }
    this.#offset += start;
    return start;
  }

  #take(text: string, name: string, fold: LedgerFold): void {
    this.#line++;
    try {
      fold.line(decodeLedgerLine(text));
    } catch (error) {
      if (!(error instanceof LedgerLineError)) throw error;
      fold.found(`${name}, line ${this.#line}: ${error.message}`);
    }
  }
}

/** What a fold must know of a job, which may be of any version. */
export function foldedJob(job: unknown): FoldedJob {
  const { spec } = (job ?? {}) as { spec?: { stages?: unknown; data?: { sequences?: Cut } } };
  const { stages } = spec ?? {};
  return {
    hasStages: Array.isArray(stages) && stages.length > 0,
    oncePerUser: spec?.data?.sequences?.longer === 'last',
  };
}

interface Cut {
  readonly longer?: unknown;
}
