/** What anyone can see of a run: its log, and the messages beside it. */
import type { Bus } from '../../shared/bus.js';
import { decodeWorkerMessage } from '../../shared/messages/cluster/from-worker.js';
import { decodeLogEntry, type Happening } from '../../shared/messages/cluster/log-entry.js';
import type { Recovered } from '../../shared/messages/run-events.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import {
  coordinatorSubject,
  everyWorkerSubject,
  logStream,
  logSubject,
} from '../../shared/subjects.js';

/** Where the time of a join goes, in seconds. */
export interface Join {
  /** From the first word to the report of its first step. */
  readonly seconds: number;
  /** What it was in that time, in order, and for how long: its phases, and last its first step. */
  readonly phases: readonly { readonly phase: string; readonly seconds: number }[];
}

/** Somebody who comes: the first word, and later the first step that it was part of. */
interface Joiner {
  incarnation: string | null;
  readonly turns: { readonly phase: string; readonly at: number }[];
  /** Processes of that name that were there before. */
  readonly others: ReadonlySet<string>;
  readonly resolve: (join: Join) => void;
  readonly reject: (error: Error) => void;
}

interface Waiting {
  readonly isDone: () => boolean;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class RunObserver {
  /** Monotonic milliseconds of each commit as it was read. */
  readonly commits: number[] = [];
  readonly recoveries: Recovered[] = [];
  /** Of workers and of the leader. */
  heard = 0;
  said = 0;
  readonly #joiners = new Map<string, Joiner>();
  readonly #incarnations = new Map<string, string>();
  #waiting: Waiting[] = [];
  #close: () => void = () => undefined;

  static async open(bus: Bus, run: RunAddress): Promise<RunObserver> {
    const observer = new RunObserver();
    const log = await bus.ensureLog(logStream(run), logSubject(run));
    const reader = await log.read(1, (data) =>
      observer.#reading(() => observer.#see(decodeLogEntry(data).entry)),
    );
    const subscriptions = [
      bus.subscribe(everyWorkerSubject(run), (data, subject) =>
        observer.#reading(() => observer.#hear(data, subject)),
      ),
      bus.subscribe(coordinatorSubject(run), () => {
        observer.said++;
      }),
    ];
    observer.#close = () => {
      for (const one of [reader, ...subscriptions]) one.close();
    };
    return observer;
  }

  close(): void {
    this.#close();
  }

  /** From the first status of the next process of this name until a step that it trained is reported. */
  joining(worker: string): Promise<Join> {
    const known = this.#incarnations.get(worker);
    return new Promise((resolve, reject) => {
      const others = new Set(known === undefined ? [] : [known]);
      this.#joiners.set(worker, { incarnation: null, turns: [], others, resolve, reject });
    });
  }

  /** Resolves when it holds; asked at every entry of the log. */
  until(isDone: () => boolean): Promise<void> {
    if (isDone()) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ isDone, resolve, reject }));
  }

  /** Nothing more will come of what is waited for. */
  fail(error: Error): void {
    for (const { reject } of this.#waiting) reject(error);
    for (const { reject } of this.#joiners.values()) reject(error);
  }

  /** What cannot be read ends the measurement: a bus's handler must not throw. */
  #reading(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fail(error as Error);
    }
  }

  #see(entry: Happening): void {
    if (entry.kind === 'committed') this.commits.push(performance.now());
    if (entry.kind === 'recovered') this.recoveries.push(entry);
    if (entry.kind === 'failed') this.fail(new Error(`${entry.code}: ${entry.message}`));
    const done = this.#waiting.filter(({ isDone }) => isDone());
    this.#waiting = this.#waiting.filter((one) => !done.includes(one));
    for (const { resolve } of done) resolve();
  }

  #hear(data: Uint8Array, subject: string): void {
    this.heard++;
    const worker = subject.slice(subject.lastIndexOf('.') + 1);
    const joiner = this.#joiners.get(worker);
    // Reading all would cost as much as leading: the first word of each, and those of who comes.
    if (joiner === undefined && this.#incarnations.has(worker)) return;
    const message = decodeWorkerMessage(data);
    if (message.kind !== 'status' && message.kind !== 'report') return;
    const { incarnation } = message;
    this.#incarnations.set(worker, incarnation);
    if (joiner === undefined || joiner.others.has(incarnation)) return;
    joiner.incarnation ??= incarnation;
    const at = performance.now();
    if (message.kind === 'status' && joiner.turns.at(-1)?.phase !== message.phase) {
      joiner.turns.push({ phase: message.phase, at });
    }
    if (message.kind !== 'report' || message.report.kind !== 'committed') return;
    this.#joiners.delete(worker);
    joiner.resolve(joinOf(joiner.turns, at));
  }
}

function joinOf(turns: Joiner['turns'], end: number): Join {
  const phases = turns.map(({ phase, at }, index) => ({
    phase,
    seconds: ((turns[index + 1]?.at ?? end) - at) / 1000,
  }));
  return { seconds: phases.reduce((sum, { seconds }) => sum + seconds, 0), phases };
}
