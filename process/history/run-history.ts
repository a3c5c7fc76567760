/**
 * The history of a run in its folder: `history.jsonl`, appended to while the run lasts, and
 * `result.json`, written when it ends. Whoever owns the folder is the only writer.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
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
import { LineFile } from './line-file.js';

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
  /** The folder of its checkpoints, which the last steps lie beside. */
  readonly checkpoints: string;
  /** The last steps as they lay beside checkpoints that are in no folder. */
  readonly recentSteps?: string | null;
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
  readonly #file: LineFile;
  #over = false;

  private constructor(options: RunHistoryOptions) {
    this.#options = options;
    this.#file = new LineFile({
      path: historyFileOf(options.folder),
      keep: options.resume,
      linesWaiting: historyLinesWaiting,
      onTrouble: (error) => this.#complain('history.jsonl', error),
    });
  }

  /**
   * Opens the history for a run that begins now. A result of an earlier one goes: from here on, a
   * folder without `result.json` holds a run that lasts, or that was killed.
   */
  static open(options: RunHistoryOptions): RunHistory {
    const { folder, owner, time } = options;
    const history = new RunHistory(options);
    rmSync(resultFileOf(folder), { force: true });
    const began = { kind: 'history', time, committed_steps: 0 } as const;
    if (history.#file.bytes === 0) {
      history.append({ ...began, schema_version: historyVersion, ...owner });
    }
    return history;
  }

  append(line: HistoryLine): void {
    if (this.#over) return;
    if (line.kind === 'started') this.#continueFrom(line);
    this.#file.append(JSON.stringify(line));
    // Steps that a checkpoint covers are not told again, so their lines must last as long as it does.
    if (line.kind === 'checkpointed') this.#file.sync();
  }

  /** Lines that are not in the file, after one more try to write those that wait. */
  missingLines(): number {
    return this.#over ? 0 : this.#file.missingLines();
  }

  /**
   * Writes a run's last line, and its result.
   *
   * @returns whether all of it is there
   */
  end(line: EndLine): boolean {
    if (this.#over) return true;
    this.append(line);
    this.#file.sync();
    let isWhole = this.#file.missingLines() === 0;
    const result = { schema_version: historyVersion, ...this.#options.owner, ...line };
    try {
      const path = resultFileOf(this.#options.folder);
      writeAtomically(path, `${JSON.stringify(result, null, 2)}\n`);
    } catch (error) {
      this.#complain('result.json', error);
      isWhole = false;
    }
    this.abandon();
    return isWhole;
  }

  /** The folder is another run's now: nothing more is written. */
  abandon(): void {
    if (!this.#over) this.#file.close();
    this.#over = true;
  }

  /** Takes back the steps that will be trained again, and adds those that were not heard of. */
  #continueFrom({ committed_steps: firstStep, time }: HistoryLine): void {
    const file = this.#file;
    const { offset, kept, lastStep } = cutHistory(file.backwards(), file.bytes, firstStep);
    const missing = missingSteps(this.#recentSteps(), lastStep, firstStep);
    const gap = {
      kind: 'warning',
      time,
      committed_steps: firstStep,
      text: `the history does not know steps ${lastStep + 1} to ${firstStep}`,
    } as const;
    file.cut(offset, [...kept, ...(missing ?? [JSON.stringify(gap satisfies HistoryLine)])]);
  }

  #recentSteps(): string[] {
    const { checkpoints, recentSteps } = this.#options;
    if (recentSteps != null) return recentSteps.split('\n');
    const path = join(checkpoints, recentStepsFile);
    return existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  }

  #complain(name: string, error: unknown): void {
    const { folder, onTrouble } = this.#options;
    onTrouble(`Cannot write ${join(folder, name)}: ${(error as Error).message}: the run goes on`);
  }
}
