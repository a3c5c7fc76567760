/**
 * The ledger of a run in its folder: `ledger/ledger-00000.jsonl` and so on, appended to while the run
 * lasts by whoever owns the folder. Nothing in it is ever taken back: what is trained again stands
 * there again, behind a line that says so.
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  decodeLedgerLine,
  encodeLedgerLine,
  type LedgerLine,
  LedgerLineError,
  ledgerVersion,
} from '../../shared/ledger/ledger-line.js';
import type { LedgerRecord } from '../../shared/ledger/ledger-record.js';
import { ledgerFileBytes, ledgerLinesWaiting } from '../../shared/limits.js';
import { LineFile } from './line-file.js';
import type { HistoryOwner } from './run-history.js';

export const ledgerFolderOf = (folder: string): string => join(folder, 'ledger');

const filePattern = /^ledger-\d{5,}\.jsonl$/;

/** The files of a ledger, by name, in the order in which they were written; none where it is missing. */
export function ledgerFiles(folder: string): string[] {
  try {
    const names = readdirSync(ledgerFolderOf(folder)).filter((name) => filePattern.test(name));
    return names.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

export interface LedgerFileOptions {
  readonly folder: string;
  /** Continues the ledger that is there; otherwise a new one begins. */
  readonly resume: boolean;
  readonly owner: HistoryOwner;
  /** ISO 8601 */
  readonly time: string;
  /** Told once when lines cannot be written: the run goes on, and they are tried again. */
  readonly onTrouble: (text: string) => void;
  /** At which a file is followed by the next one; `ledgerFileBytes` where it is left out. */
  readonly fileBytes?: number;
}

export class LedgerFile {
  readonly #options: LedgerFileOptions;
  #number: number;
  #file: LineFile;
  /** The step that comes next; null where the files do not tell. */
  #nextStep: number | null;
  #over = false;

  private constructor(options: LedgerFileOptions, number: number) {
    this.#options = options;
    this.#number = number;
    this.#file = this.#open(options.resume);
    this.#nextStep = this.#file.bytes === 0 ? 0 : nextStepOf(this.#file);
    if (this.#file.bytes === 0) this.#begin(options.time);
  }

  static open(options: LedgerFileOptions): LedgerFile {
    const { folder, resume } = options;
    mkdirSync(ledgerFolderOf(folder), { recursive: true });
    const files = ledgerFiles(folder);
    if (!resume) for (const name of files) rmSync(join(ledgerFolderOf(folder), name));
    return new LedgerFile(options, resume ? Math.max(0, files.length - 1) : 0);
  }

  /** Training begins, or goes on, with so many committed steps. @param time ISO 8601 */
  started(committedSteps: number, time: string): void {
    if (this.#over || committedSteps === this.#nextStep) return;
    this.#append({ kind: 'resumed', time, committed_steps: committedSteps });
    this.#nextStep = committedSteps;
  }

  record(record: LedgerRecord): void {
    if (this.#over) return;
    const isLong = this.#file.bytes >= (this.#options.fileBytes ?? ledgerFileBytes);
    // Lines that wait belong into this file, and would be forgotten with it.
    if (isLong && this.#file.missingLines() === 0) this.#rotate(record.time);
    this.#append({ kind: 'step', record });
    this.#nextStep = record.step + 1;
  }

  /** Lines that are not in the files, after one more try to write those that wait. */
  missingLines(): number {
    return this.#over ? 0 : this.#file.missingLines();
  }

  /** What is recorded survives the machine from here on: a checkpoint relies on it. */
  sync(): void {
    if (!this.#over) this.#file.sync();
  }

  /** Nothing more is written: the run has ended, or the folder is another one's. */
  close(): void {
    if (!this.#over) this.#file.close();
    this.#over = true;
  }

  #rotate(time: string): void {
    this.#file.sync();
    this.#file.close();
    this.#number++;
    this.#file = this.#open(false);
    this.#begin(time);
  }

  #begin(time: string): void {
    const { run, job, job_sha256 } = this.#options.owner;
    this.#append({ kind: 'ledger', schema_version: ledgerVersion, time, run, job, job_sha256 });
  }

  #append(line: LedgerLine): void {
    this.#file.append(encodeLedgerLine(line).slice(0, -1));
  }

  #open(keep: boolean): LineFile {
    const name = `ledger-${String(this.#number).padStart(5, '0')}.jsonl`;
    const path = join(ledgerFolderOf(this.#options.folder), name);
    const onTrouble = ({ message }: Error): void =>
      this.#options.onTrouble(`Cannot write ${path}: ${message}: the run goes on`);
    return new LineFile({ path, keep, linesWaiting: ledgerLinesWaiting, onTrouble });
  }
}

/** What the end of a file says; null for one that says nothing of steps. */
function nextStepOf(file: LineFile): number | null {
  for (const { text } of file.backwards()) {
    const line = readLine(text);
    if (line?.kind === 'step') return line.record.step + 1;
    if (line?.kind === 'resumed') return line.committed_steps;
  }
  return null;
}

function readLine(text: string): LedgerLine | null {
  try {
    return decodeLedgerLine(text);
  } catch (error) {
    if (error instanceof LedgerLineError) return null;
    throw error;
  }
}
