/** The processes of a run on this machine: started, started again where they are lost, and ended. */
import type { ExitCode } from '../../shared/exit-codes.js';
import { goodbyeTimeout } from '../../shared/limits.js';
import type { RunEvent } from '../../shared/messages/run-events.js';
import { type Millis, millis } from '../../shared/units.js';
import type { Symptom } from '../train/ending/failure.js';
import { type Child, type ChildOptions, startChild } from './child.js';
import { decideRestart, howItEnded, type ProcessExit } from './decide-restart.js';
import { MemoryWatch } from './memory-watch.js';

export interface KeptProcess extends Omit<ChildOptions, 'onEvent'> {}

export interface KeptProcessesOptions {
  /** Monotonic. */
  readonly now: () => Millis;
  readonly onStart: (child: Child) => void;
  readonly onEvent: (child: Child, event: RunEvent) => void;
  /** A process that has ended is started again. */
  readonly onRestart: (text: string) => void;
  /** A process stays away; `said` is the reason that it gave itself. */
  readonly onLoss: (name: string, symptom: Symptom, text: string, said: string | null) => void;
}

interface Kept {
  readonly process: KeptProcess;
  readonly ends: ProcessExit[];
  child: Child;
  startedAt: Millis;
  alive: boolean;
  /** What it has said about its end. */
  leaving: { readonly code: ExitCode; readonly reason: string } | null;
}

export class KeptProcesses {
  readonly #options: KeptProcessesOptions;
  readonly #kept = new Map<string, Kept>();
  readonly #memory = new MemoryWatch(() => this.pids());
  #isEnding = false;
  #isLettingGo = false;

  constructor(options: KeptProcessesOptions) {
    this.#options = options;
  }

  /** Of those that live, in the order in which they were started. */
  pids(): number[] {
    return this.living().map(({ pid }) => pid);
  }

  living(): Child[] {
    return [...this.#kept.values()].filter(({ alive }) => alive).map(({ child }) => child);
  }

  find(name: string): Child | null {
    const kept = this.#kept.get(name);
    return kept?.alive === true ? kept.child : null;
  }

  start(process: KeptProcess): void {
    if (this.#isEnding) return;
    const earlier = this.#kept.get(process.name);
    const child = startChild({
      ...process,
      onEvent: (event) => this.#hear(process.name, event),
    });
    const kept: Kept = {
      process,
      child,
      ends: earlier?.ends ?? [],
      startedAt: this.#options.now(),
      alive: true,
      leaving: null,
    };
    this.#kept.set(process.name, kept);
    void child.exited.then(({ code, signal }) => this.#sawExit(kept, code, signal));
    this.#options.onStart(child);
  }

  /** From here on whoever ends is told of, and not started again. */
  letGo(): void {
    this.#isLettingGo = true;
  }

  /** From here on whoever ends stays away. */
  expectEnds(): void {
    this.#isEnding = true;
  }

  abort(reason: string): void {
    for (const child of this.living()) child.send({ kind: 'abort', reason });
  }

  kill(): void {
    for (const child of this.living()) child.kill();
  }

  /** Resolves when all have ended. */
  async ended(): Promise<void> {
    await Promise.all([...this.#kept.values()].map(({ child }) => child.exited));
  }

  /** Waits until all have ended, and kills those that do not. */
  async end(): Promise<void> {
    this.#isEnding = true;
    const killer = setTimeout(() => this.kill(), goodbyeTimeout);
    await this.ended();
    clearTimeout(killer);
    this.#memory.end();
  }

  #hear(name: string, event: RunEvent): void {
    const kept = this.#kept.get(name);
    if (kept === undefined) return;
    if (event.kind === 'leaving') kept.leaving = event;
    else this.#options.onEvent(kept.child, event);
  }

  #sawExit(kept: Kept, code: number | null, signal: string | null): void {
    kept.alive = false;
    const { name, pid } = kept.child;
    const said = kept.leaving;
    // Where native code holds it up, a process that has said how it ends kills itself.
    const how = said === null ? { code, signal } : { code: said.code, signal: null };
    const exit = { name, ...how, lived: millis(this.#options.now() - kept.startedAt) };
    const decision = decideRestart(exit, kept.ends, this.#isEnding || this.#isLettingGo);
    kept.ends.push(exit);
    if (this.#isEnding) return;
    const outOfMemory = exit.signal === 'SIGKILL' ? this.#memory.outOfMemory(pid) : null;
    if (decision.kind === 'leave') {
      const symptom = { kind: 'exit', name, pid, ...how, outOfMemory } as const;
      const text = `${name} (pid ${pid}): ${howItEnded(exit)}, and stays away: ${decision.reason}`;
      this.#options.onLoss(name, symptom, text, said?.reason ?? null);
      return;
    }
    const why = outOfMemory === null ? '' : ' (the machine has no memory left)';
    this.#options.onRestart(`${name} (pid ${pid}): ${decision.reason}${why}: it is started again`);
    setTimeout(() => this.start(kept.process), decision.pause);
  }
}
