/**
 * The history of a run in its folder: `history.jsonl`, appended to while the run lasts, and
 * `result.json`, written when it ends. Whoever owns the folder is the only writer, so the place of
 * the next line is known: what a crash or a full disk left of a line is written over.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { cutHistory, historyProblem, missingSteps } from '../../shared/history/continue-history.js';
import {
  type EndLine,
  type HistoryLine,
  historyVersion,
  recentStepsFile,
} from '../../shared/history/history-line.js';
import { historyLinesWaiting } from '../../shared/limits.js';
import { writeAtomically } from '../write-atomically.js';
import { linesBackwards, wholeLinesBytes } from './history-file.js';

export const historyFileOf = (folder: string): string => join(folder, 'history.jsonl');
export const resultFileOf = (folder: string): string => join(folder, 'result.json');

/** This program cannot continue the history that is there. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
  readonly code = 'HISTORY_REFUSED';
}

/** What a history and a result say of the run that they belong to. */
export interface HistoryOwner {
  readonly run: string;
  readonly job: string;
  readonly job_sha256: string;
}

export interface RunHistoryOptions {
  readonly folder: string;
  /** Continues the history that is there; otherwise a new one begins. */
  readonly resume: boolean;
  readonly owner: HistoryOwner;
  /** ISO 8601 */
  readonly time: string;
  /** Told once when lines cannot be written: the run goes on, and they are tried again. */
  readonly onTrouble: (text: string) => void;
}

/** Bytes of a first line, generously. */
const firstLineBytes = 4096;

/**
 * Checks that the folder's history, if there is one, can be continued. Reads only.
 *
 * @throws HistoryError
 */
export function checkHistory(folder: string): void {
  const path = historyFileOf(folder);
  if (!existsSync(path)) return;
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(firstLineBytes);
    const text = start.toString('utf8', 0, readSync(file, start, 0, firstLineBytes, 0));
    // Without the end of its first line it holds nothing that would be continued.
    const problem = text.includes('\n') ? historyProblem(text.split('\n')[0] as string) : null;
    if (problem !== null) throw new HistoryError(`Cannot continue ${path}: ${problem}`);
  } finally {
    closeSync(file);
  }
}

export class RunHistory {
  readonly #options: RunHistoryOptions;
  readonly #file: number;
  /** Bytes of whole lines; the next one goes there. */
  #size: number;
  /** Lines that could not be written yet. */
  readonly #waiting: string[] = [];
  #inTrouble = false;
  #over = false;

  private constructor(options: RunHistoryOptions, file: number, size: number) {
    this.#options = options;
    this.#file = file;
    this.#size = size;
  }

  /**
   * Opens the history for a run that begins now. A result of an earlier one goes: from here on, a
   * folder without `result.json` holds a run that lasts, or that was killed.
   */
  static open(options: RunHistoryOptions): RunHistory {
    const { folder, resume, owner, time } = options;
    const path = historyFileOf(folder);
    const isThere = existsSync(path);
    const file = openSync(path, isThere ? 'r+' : 'w+');
    const size = isThere && resume ? wholeLinesBytes(file, fstatSync(file).size) : 0;
    ftruncateSync(file, size);
    rmSync(resultFileOf(folder), { force: true });
    const history = new RunHistory(options, file, size);
    const began = { kind: 'history', time, committed_steps: 0 } as const;
    if (size === 0) history.append({ ...began, schema_version: historyVersion, ...owner });
    return history;
  }

  append(line: HistoryLine): void {
    if (this.#over) return;
    if (line.kind === 'started') this.#continueFrom(line);
    this.#waiting.push(`${JSON.stringify(line)}\n`);
    if (this.#waiting.length > historyLinesWaiting) this.#waiting.shift();
    this.#write();
    // Steps that a checkpoint covers are not told again, so their lines must last as long as it does.
    if (line.kind === 'checkpointed') this.#sync();
  }

  /** Writes a run's last line, and its result. */
  end(line: EndLine): void {
    if (this.#over) return;
    this.append(line);
    this.#sync();
    const result = { schema_version: historyVersion, ...this.#options.owner, ...line };
    try {
      const path = resultFileOf(this.#options.folder);
      writeAtomically(path, `${JSON.stringify(result, null, 2)}\n`);
    } catch (error) {
      this.#complain('result.json', error);
    }
    this.abandon();
  }

  /** The folder is another run's now: nothing more is written. */
  abandon(): void {
    if (!this.#over) closeSync(this.#file);
    this.#over = true;
  }

  /** Takes back the steps that will be trained again, and adds those that were not heard of. */
  #continueFrom({ committed_steps: firstStep, time }: HistoryLine): void {
    const lines = linesBackwards(this.#file, this.#size);
    const { offset, kept, lastStep } = cutHistory(lines, this.#size, firstStep);
    const missing = missingSteps(this.#recentSteps(), lastStep, firstStep);
    const gap = {
      kind: 'warning',
      time,
      committed_steps: firstStep,
      text: `the history does not know steps ${lastStep + 1} to ${firstStep}`,
    } as const;
    const added = [...kept, ...(missing ?? [JSON.stringify(gap satisfies HistoryLine)])];
    this.#size = offset;
    this.#waiting.unshift(...added.map((text) => `${text}\n`));
    this.#truncate();
  }

  #recentSteps(): string[] {
    const path = join(this.#options.folder, 'checkpoints', recentStepsFile);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
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
      if (!this.#inTrouble) this.#complain('history.jsonl', error);
      this.#inTrouble = true;
      this.#truncate();
    }
  }

  /** So that whoever reads or copies the file finds whole lines only. */
  #truncate(): void {
    ftruncateSync(this.#file, this.#size);
  }

  #sync(): void {
    try {
      fsyncSync(this.#file);
    } catch (error) {
      this.#complain('history.jsonl', error);
    }
  }

  #complain(name: string, error: unknown): void {
    const { folder, onTrouble } = this.#options;
    onTrouble(`Cannot write ${join(folder, name)}: ${(error as Error).message}: the run goes on`);
  }
}
