/** A run as its log tells it, which every coordinator of it reads: one that leads, and one that stands by. */
import { join } from 'node:path';
import { EventLines, finishedLine } from '../../../shared/history/event-lines.js';
import { LogEvents } from '../../../shared/history/log-events.js';
import { LogLedger } from '../../../shared/ledger/log-ledger.js';
import type { LogEntry } from '../../../shared/messages/cluster/log-entry.js';
import type { RunEvent } from '../../../shared/messages/run-events.js';
import type { LedgerState } from '../data/api.js';
import { RunModel } from '../data/run-model.js';
import { LedgerFold } from './ledger-fold.js';
import { foldedJob } from './ledger-tail.js';
import { logNames, logTail } from './log-tail.js';
import type { RunActions, RunSource, RunSources } from './run-source.js';

export interface LogRunOptions {
  readonly run: string;
  readonly job: { readonly name: string; readonly sha256: string; readonly spec: unknown };
  /** Of the run, where it is on this machine. */
  readonly folder: string | null;
  readonly versions: { readonly lockstep: string; readonly node: string };
  readonly actions: RunActions | null;
}

export class LogRun implements RunSource, RunSources {
  /** A coordinator has no engine. */
  readonly recommend = null;
  readonly audit = null;
  readonly folder: string | null;
  readonly actions: RunActions | null;
  readonly #options: LogRunOptions;
  #model: RunModel;
  #events = new LogEvents();
  #lines: EventLines;
  #entries = new LogLedger();
  #ledger: LedgerFold;

  constructor(options: LogRunOptions) {
    this.#options = options;
    this.folder = options.folder;
    this.actions = options.actions;
    this.#model = this.#newModel();
    this.#lines = this.#newLines();
    this.#ledger = new LedgerFold(foldedJob(options.job.spec));
  }

  get model(): RunModel {
    return this.#model;
  }

  job(): unknown {
    return this.#options.job.spec;
  }

  async logs(): Promise<readonly string[]> {
    return this.folder === null ? [] : logNames(join(this.folder, 'logs'));
  }

  async logTail(name: string, lines: number): Promise<readonly string[]> {
    return this.folder === null ? [] : logTail(join(this.folder, 'logs'), name, lines);
  }

  runs(): readonly RunSource[] {
    return [this];
  }

  find(id: string): RunSource | null {
    return id === this.#model.id ? this : null;
  }

  /** Entries come by themselves. */
  async refresh(): Promise<void> {}

  /** The log was removed and is another account from here on. */
  restart(): void {
    this.#model = this.#newModel();
    this.#events = new LogEvents();
    this.#lines = this.#newLines();
    this.#entries = new LogLedger();
    this.#ledger = new LedgerFold(foldedJob(this.#options.job.spec));
  }

  async ledger(): Promise<LedgerState | null> {
    const state = this.#ledger.state(false);
    return state.steps === 0 ? null : state;
  }

  add(entry: LogEntry): void {
    const recorded = this.#entries.lineOf(entry);
    if (recorded !== null) this.#ledger.line(recorded);
    for (const event of this.#events.eventsOf(entry)) {
      const line = this.#lineOf(event, entry.time);
      if (line !== null) this.#model.add(line);
    }
  }

  #lineOf(event: RunEvent, time: string) {
    if (event.kind === 'finished') {
      return finishedLine(event.result, { exitCode: 0, resume: null, time });
    }
    if (event.kind !== 'failed') return this.#lines.lineOf(event, time);
    const { code, committedSteps, message, worker } = event;
    return {
      ...{ kind: 'failed' as const, time, committed_steps: committedSteps, exit_code: 1 },
      ...{ code, message, process: worker, resume: null },
    };
  }

  #newModel(): RunModel {
    const { job, run } = this.#options;
    const model = new RunModel(job.name);
    model.own({ run, job: job.name, jobSha256: job.sha256 });
    return model;
  }

  #newLines(): EventLines {
    const { lockstep, node } = this.#options.versions;
    return new EventLines({ lockstep_version: lockstep, node_version: node });
  }
}
