/** When pods were there and had a node, as a watch brings it: what objects say of it is in whole seconds. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { KubernetesObject } from '../kubectl.js';

export interface PodTimes {
  readonly created: number;
  readonly scheduled: number | null;
}

export class PodWatch {
  readonly #namespace: string;
  readonly #child: ChildProcess;
  readonly #times = new Map<string, PodTimes>();

  private constructor(namespace: string, child: ChildProcess) {
    this.#namespace = namespace;
    this.#child = child;
  }

  /** Watches before it returns: of all namespaces, of which some have pods that are listed first. */
  static async open(namespace: string): Promise<PodWatch> {
    const words = ['get', 'pods', '-A', '--watch', '-o', 'jsonpath={}{"\\n"}'];
    const child = spawn('kubectl', words, { stdio: ['ignore', 'pipe', 'ignore'] });
    const watch = new PodWatch(namespace, child);
    const lines = createInterface({ input: child.stdout });
    lines.on('line', (line) => watch.#see(JSON.parse(line), Date.now()));
    await once(lines, 'line');
    return watch;
  }

  #see({ metadata, spec }: KubernetesObject, now: number): void {
    if (metadata.namespace !== this.#namespace) return;
    const { created, scheduled } = this.#times.get(metadata.name) ?? {
      created: now,
      scheduled: null,
    };
    const isScheduled = spec.nodeName !== undefined;
    this.#times.set(metadata.name, {
      created,
      scheduled: scheduled ?? (isScheduled ? now : null),
    });
  }

  timesOf(pod: string): PodTimes | undefined {
    return this.#times.get(pod);
  }

  async close(): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.kill('SIGKILL');
    await closed;
  }
}
