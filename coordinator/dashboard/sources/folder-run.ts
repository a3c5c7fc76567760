/** A run as its folder tells it: finished, or still growing. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { historyFileOf } from '../../../process/history/run-history.js';
import { RunModel } from '../data/run-model.js';
import { HistoryTail } from './history-tail.js';
import { logNames, logTail } from './log-tail.js';
import type { Recommend, RunSource } from './run-source.js';

export class FolderRun implements RunSource {
  readonly folder: string;
  readonly recommend: Recommend | null;
  /** Files are read, and nobody is spoken to. */
  readonly actions = null;
  readonly #id: string;
  readonly #tail: HistoryTail;
  #model: RunModel;
  #job: unknown = null;

  constructor(id: string, folder: string, recommend: Recommend | null) {
    this.#id = id;
    this.folder = folder;
    this.recommend = recommend;
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

  async refresh(): Promise<void> {
    await this.#tail.refresh();
    this.#job ??= await readJob(join(this.folder, 'job.json'));
  }

  #restart(): void {
    this.#model = new RunModel(this.#id);
    this.#job = null;
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
