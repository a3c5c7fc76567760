/**
 * Coordinators and workers as pods have them: each started by its command, with a folder of its own that
 * is empty, on a nats-server that outlives them.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { openNatsBus } from '../../bus/nats-bus.js';
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { jobId, runId } from '../../shared/ids.js';
import { decodeLogEntry, type Happening } from '../../shared/messages/cluster/log-entry.js';
import { projectRoot } from '../../shared/project-root.js';
import { logStream } from '../../shared/subjects.js';
import { contained, firstInside } from './container.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

type Line = Readonly<Record<string, unknown>>;

export class Pod {
  readonly name: string;
  /** An empty folder when it begins. */
  readonly folder: string;
  readonly exited: Promise<number | NodeJS.Signals | null>;
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  readonly #lines: string[] = [];
  readonly #lookers = new Set<() => void>();

  readonly #isContained: boolean;

  constructor(
    name: string,
    folder: string,
    child: ChildProcessByStdio<null, Readable, Readable>,
    isContained: boolean,
  ) {
    this.name = name;
    this.#isContained = isContained;
    this.folder = folder;
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', (line) => {
        this.#lines.push(line);
        for (const look of this.#lookers) look();
      });
    }
    this.exited = new Promise((resolve) =>
      child.once('close', (code, signal) => resolve(code ?? signal)),
    );
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get text(): string {
    return this.#lines.join('\n');
  }

  /** What it said in JSON. */
  get said(): Line[] {
    return this.#lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
  }

  signal(signal: NodeJS.Signals): void {
    const inside = this.#isContained ? firstInside(this.pid) : null;
    if (inside === null) this.#child.kill(signal);
    else process.kill(inside, signal);
  }

  /** Until it has said so; fails where it has ended before. */
  async until(isSo: () => boolean, what: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (!isSo()) return;
        this.#lookers.delete(look);
        resolve();
      };
      this.#lookers.add(look);
      void this.exited.then((code) =>
        isSo()
          ? resolve()
          : reject(new Error(`${this.name} ended (${code}) before ${what}:\n${this.text}`)),
      );
      look();
    });
  }

  says(pattern: RegExp): Promise<void> {
    return this.until(() => this.#lines.some((line) => pattern.test(line)), String(pattern));
  }

  committed(steps: number): Promise<void> {
    const isThere = (): boolean =>
      this.said.some(
        ({ kind, committed_steps }) => kind === 'committed' && committed_steps === steps,
      );
    return this.until(isThere, `step ${steps}`);
  }
}

export class Pods {
  readonly folder: string;
  readonly jobFile: string;
  readonly #server: LocalNatsServer;
  readonly #pods: Pod[] = [];
  /** Whether each pod is a container. */
  readonly #isContained: boolean;

  private constructor(folder: string, server: LocalNatsServer, job: object, isContained: boolean) {
    this.#isContained = isContained;
    this.folder = folder;
    this.#server = server;
    this.jobFile = join(folder, 'job.json');
    writeFileSync(this.jobFile, JSON.stringify(job));
    writeFileSync(join(folder, 'links.secret'), 'ab'.repeat(32));
  }

  /** @param job whose name is "small" */
  static async open(job: object, { isContained = false } = {}): Promise<Pods> {
    const folder = mkdtempSync(join(tmpdir(), 'lockstep-pods-'));
    const server = await startLocalNatsServer({
      binary: findNatsServer(),
      directory: join(folder, 'nats'),
      logFile: join(folder, 'nats.log'),
      job: 'small',
    });
    chmodSync(folder, 0o755);
    return new Pods(folder, server, job, isContained);
  }

  coordinator(
    name: string,
    words: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Pod {
    const all = ['coordinator', this.jobFile, '--output', join(this.folder, name), '--json'];
    return this.#start(name, [...all, ...words], {
      LOCKSTEP_NATS_URL: this.#server.url,
      ...environment,
    });
  }

  worker(
    name: string,
    words: readonly string[] = [],
    environment: Readonly<Record<string, string>> = {},
  ): Pod {
    const all = ['worker', '--job', 'small', '--name', name, '--output', join(this.folder, name)];
    return this.#start(name, [...all, ...words], {
      LOCKSTEP_NATS_URL: this.#server.workerUrl,
      LOCKSTEP_SECRET_FILE: join(this.folder, 'links.secret'),
      ...environment,
    });
  }

  /** `lockstep stop`. */
  stop(name = 'stop'): Pod {
    return this.#start(name, ['stop', 'small'], { LOCKSTEP_NATS_URL: this.#server.url });
  }

  /** All that the run's log has now. */
  async happenings(run: string): Promise<Happening[]> {
    const bus = await openNatsBus({ url: this.#server.url, name: 'test', reconnect: false });
    try {
      const log = await bus.openLog(logStream({ job: jobId('small'), run: runId(run) }));
      const last = await log.last();
      const found: Happening[] = [];
      let done: () => void = () => undefined;
      const all = new Promise<void>((resolve) => {
        done = resolve;
      });
      const reader = await log.read(1, (data, sequence) => {
        found.push(decodeLogEntry(data).entry);
        if (sequence >= last) done();
      });
      if (last > 0) await all;
      reader.close();
      return found;
    } finally {
      await bus.close();
    }
  }

  async close(): Promise<void> {
    for (const pod of this.#pods) pod.signal('SIGKILL');
    await Promise.all(this.#pods.map(({ exited }) => exited));
    await this.#server.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  #start(name: string, words: readonly string[], environment: Record<string, string>): Pod {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    const plain = [process.execPath, program, ...words];
    const [first = '', ...others] = this.#isContained
      ? contained(name, folder, environment, plain)
      : plain;
    const child = spawn(first, others, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
    const pod = new Pod(name, folder, child, this.#isContained);
    this.#pods.push(pod);
    return pod;
  }
}

/** Steps that the log has recorded, in its order. */
export const recordedSteps = (happenings: readonly Happening[]): number[] =>
  happenings.flatMap((one) => (one.kind === 'committed' ? [one.report.step] : []));
