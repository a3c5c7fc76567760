/**
 * What has changed in a run, told to all who look at it. A message is made once for all of them, and the
 * newest ones are kept: whoever was away for a moment gets what it has missed, and nothing twice.
 */
import type { Writable } from 'node:stream';
import type { RunChange } from '../data/api.js';
import type { RunModel } from '../data/run-model.js';

/** At two messages a second, what a viewer may miss: two minutes. */
const messagesKept = 240;
/** Of those messages together: whoever misses more than that asks for all again. */
const charactersKept = 2 * 1024 * 1024;
/** Bytes that a viewer may be behind: whoever reads no more is dropped, and comes again. All viewers together: 256 MiB. */
const behindMax = 1024 * 1024;

export class RunChannel {
  readonly #epoch: string;
  readonly #viewers = new Set<Writable>();
  readonly #kept: { readonly number: number; readonly text: string }[] = [];
  #model: RunModel;
  #charactersKept = 0;
  #number = 0;
  #resets = 0;

  /** @param epoch tells the messages of this server from those of another */
  constructor(epoch: string, model: RunModel) {
    this.#epoch = epoch;
    this.#model = model;
    passOver(model);
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  /** Of what has been told: a viewer that knows the run as it is now asks for what comes behind it. */
  get version(): string {
    return `${this.#epoch}.${this.#resets}-${this.#number}`;
  }

  /** Tells what has changed since the last time. */
  tell(model: RunModel): void {
    if (model !== this.#model) this.#reset(model);
    const change = model.takeChange();
    if (change !== null) this.#say(change);
  }

  /** @param after the version that the viewer knows; null or an unknown one has it ask for all again */
  join(viewer: Writable, after: string | null): void {
    const missed = this.#missed(after);
    viewer.write(missed ?? this.#resetText);
    this.#viewers.add(viewer);
    viewer.on('close', () => this.#viewers.delete(viewer));
  }

  /** A line that says nothing: proxies close what is silent. */
  keepAlive(): void {
    this.#send(':\n\n');
  }

  close(): void {
    for (const viewer of this.#viewers) viewer.end();
  }

  #say(change: RunChange): void {
    this.#number++;
    const text = `id: ${this.version}\nevent: change\ndata: ${JSON.stringify(change)}\n\n`;
    this.#kept.push({ number: this.#number, text });
    this.#charactersKept += text.length;
    while (this.#kept.length > messagesKept || this.#charactersKept > charactersKept) {
      this.#charactersKept -= this.#kept.shift()?.text.length ?? 0;
    }
    this.#send(text);
  }

  #reset(model: RunModel): void {
    this.#model = model;
    passOver(model);
    this.#resets++;
    this.#number = 0;
    this.#kept.length = 0;
    this.#charactersKept = 0;
    this.#send(this.#resetText);
  }

  get #resetText(): string {
    return `id: ${this.version}\nevent: reset\ndata: {}\n\n`;
  }

  /** Null where it is not known what was missed. */
  #missed(after: string | null): string | null {
    const prefix = `${this.#epoch}.${this.#resets}-`;
    if (after === null || !after.startsWith(prefix)) return null;
    const known = Number(after.slice(prefix.length));
    if (!Number.isInteger(known) || known < 0 || known > this.#number) return null;
    const first = this.#kept[0]?.number ?? this.#number + 1;
    if (known + 1 < first) return null;
    const texts = this.#kept.filter(({ number }) => number > known).map(({ text }) => text);
    return `:\n\n${texts.join('')}`;
  }

  #send(text: string): void {
    for (const viewer of this.#viewers) {
      if (viewer.writableLength > behindMax) viewer.destroy();
      else viewer.write(text);
    }
  }
}

/** Whoever looks from now on asks for all of it: a history of months is no message. */
const passOver = (model: RunModel): void => void model.takeChange();
