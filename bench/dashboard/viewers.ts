/** Viewers of a dashboard, in a process of their own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HeldViewers, WantedViewers } from './hold-viewers.js';

export class Viewers {
  readonly #process = fork(fileURLToPath(new URL('./hold-viewers.js', import.meta.url)));
  readonly #url: string;

  /** @param url of a run's events */
  constructor(url: string) {
    this.#url = url;
  }

  /** So many look from here on. @returns the bytes that came to those before */
  async are(viewers: number): Promise<number> {
    const wanted: WantedViewers = { url: this.#url, viewers };
    const held = once(this.#process, 'message');
    this.#process.send(wanted);
    const [{ bytes }] = (await held) as [HeldViewers];
    return bytes;
  }

  close(): void {
    this.#process.kill('SIGKILL');
  }
}
