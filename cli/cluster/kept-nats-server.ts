/** The nats-server of a run on this machine, kept running: it goes on with its store and its port. */
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { systemClock } from '../../shared/clock.js';
import { type Millis, millis } from '../../shared/units.js';
import type { Symptom } from '../train/ending/failure.js';
import { decideRestart, type ProcessExit } from './decide-restart.js';

export interface KeptNatsServerOptions {
  /** Created; removed at the end. */
  readonly directory: string;
  readonly logFile: string;
  /** All that its accounts may see. */
  readonly job: string;
  readonly onStart: (pid: number) => void;
  readonly onRestart: (text: string) => void;
  /** It stays away. */
  readonly onLoss: (symptom: Symptom) => void;
}

export class KeptNatsServer {
  readonly directory: string;
  readonly #options: KeptNatsServerOptions;
  readonly #server: LocalNatsServer;
  readonly #ends: ProcessExit[] = [];
  #startedAt: Millis = systemClock.now();
  #alive = true;
  #isEnding = false;

  private constructor(options: KeptNatsServerOptions, server: LocalNatsServer) {
    this.#options = options;
    this.#server = server;
    this.directory = options.directory;
    this.#watch();
  }

  /** @throws NatsServerStartError, NatsServerMissingError */
  static async start(options: KeptNatsServerOptions): Promise<KeptNatsServer> {
    const { directory, job, logFile } = options;
    const binary = findNatsServer();
    return new KeptNatsServer(
      options,
      await startLocalNatsServer({ binary, directory, job, logFile }),
    );
  }

  /** Of each role, with its secret. */
  get urls(): { readonly coordinator: string; readonly worker: string } {
    return { coordinator: this.#server.url, worker: this.#server.workerUrl };
  }

  /** Null while it is away. */
  get process(): { readonly name: string; readonly pid: number } | null {
    return this.#alive ? { name: 'nats-server', pid: this.#server.pid } : null;
  }

  /** What its log says of a disk that has no room; null while it says nothing of the kind. */
  fullDisk(): Promise<string | null> {
    return this.#server.fullDisk();
  }

  async stop(): Promise<void> {
    this.#isEnding = true;
    await this.#server.stop();
  }

  #watch(): void {
    const { pid } = this.#server;
    this.#startedAt = systemClock.now();
    this.#alive = true;
    this.#options.onStart(pid);
    void this.#server.exited.then(({ code, signal }) => this.#sawExit(pid, code, signal));
  }

  #sawExit(pid: number, code: number | null, signal: string | null): void {
    this.#alive = false;
    if (this.#isEnding) return;
    const lived = millis(systemClock.now() - this.#startedAt);
    const exit = { name: 'nats-server', code, signal, lived };
    const decision = decideRestart(exit, this.#ends, this.#isEnding);
    this.#ends.push(exit);
    const symptom = {
      kind: 'exit',
      name: exit.name,
      pid,
      code,
      signal,
      outOfMemory: null,
    } as const;
    if (decision.kind === 'leave') {
      this.#options.onLoss(symptom);
      return;
    }
    this.#options.onRestart(
      `nats-server (pid ${pid}): ${decision.reason}: it is started again with what it has stored`,
    );
    this.#server.restart().then(
      () => this.#watch(),
      () => this.#options.onLoss(symptom),
    );
  }
}
