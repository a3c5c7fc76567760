/** A channel for each run that is known; all are looked at in one turn. */
import type { RunSources } from '../sources/run-source.js';
import { RunChannel } from './run-channel.js';

export class RunChannels {
  readonly #epoch: string;
  readonly #sources: RunSources;
  readonly #channels = new Map<string, RunChannel>();

  constructor(epoch: string, sources: RunSources) {
    this.#epoch = epoch;
    this.#sources = sources;
  }

  get viewers(): number {
    let viewers = 0;
    for (const channel of this.#channels.values()) viewers += channel.viewers;
    return viewers;
  }

  /** Null where there is no such run. */
  of(id: string): RunChannel | null {
    const found = this.#channels.get(id);
    if (found !== undefined) return found;
    const run = this.#sources.find(id);
    if (run === null) return null;
    const channel = new RunChannel(this.#epoch, run.model);
    this.#channels.set(id, channel);
    return channel;
  }

  /** Reads what is new and tells it. */
  async look(): Promise<void> {
    await this.#sources.refresh();
    for (const { model } of this.#sources.runs()) this.of(model.id)?.tell(model);
  }

  keepAlive(): void {
    for (const channel of this.#channels.values()) channel.keepAlive();
  }

  close(): void {
    for (const channel of this.#channels.values()) channel.close();
  }
}
