/** A run as its folder tells it: finished, or still growing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyFileOf } from '../../../process/history/run-history.js';
import type { LedgerState } from '../data/api.js';
import { RunModel } from '../data/run-model.js';
import { HistoryTail } from './history-tail.js';
import { foldedJob, LedgerTail } from './ledger-tail.js';
import { logNames, logTail } from './log-tail.js';
import type { Audit, FolderTools, Recommend, RunSource } from './run-source.js';

export class FolderRun implements RunSource {
  readonly folder: string;
  readonly recommend: Recommend | null;
  /** Files are read, and nobody is spoken to. */
  readonly actions = null;
  readonly audit: Audit | null;
  readonly #ledger: LedgerTail;
  readonly #id: string;
  readonly #tail: HistoryTail;
  #model: RunModel;
  #job: unknown = null;

  constructor(id: string, folder: string, tools: FolderTools | null) {
    this.#id = id;
    this.folder = folder;
    this.recommend = tools?.recommend ?? null;
    this.audit = tools?.audit ?? null;
    this.#ledger = new LedgerTail(folder);
    this.#model = new RunModel(id);
    this.#tail = new HistoryTail(historyFileOf(folder), {
      onRestart: () => this.#restart(),
      onLine: (line) => this.#model.add(line),
      onStep: (step) => this.#model.step(step),
    });
  }

  /** Another one where the history was begun again. */
  get model(): RunModel {
    return this.#model;
  }

  job(): unknown {
    return this.#job;
  }

  logs(): Promise<readonly string[]> {
    return logNames(join(this.folder, 'logs'));
  }

  logTail(name: string, lines: number): Promise<readonly string[]> {
    return logTail(join(this.folder, 'logs'), name, lines);
  }

  ledger(): Promise<LedgerState | null> {
    return this.#ledger.read(foldedJob(this.#job));
  }

  async refresh(): Promise<void> {
    await this.#tail.refresh();
    this.#job ??= await readJob(join(this.folder, 'job.json'));
  }

  #restart(): void {
    this.#model = new RunModel(this.#id);
    this.#job = null;
    this.#ledger.restart();
  }
}

/** Null where it is not there, or is half written. */
async function readJob(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch {
    return null;
  }
}
