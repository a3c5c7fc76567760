import { nanos } from 'nats';
import type { BusLog, LogHandler, Reader } from '../shared/bus.js';
import { BusAwayError } from '../shared/bus.js';
import { busEndedLogAge, busLogAge, busLogAgeInterval } from '../shared/limits.js';
import type { Millis } from '../shared/units.js';
import { isLate } from './nats-errors.js';
import { publishStored } from './nats-publish.js';
import { openReader } from './nats-reader.js';
import type { NatsSession } from './nats-session.js';
import { namingGone, removeStream } from './nats-stream.js';

interface Unsure {
  readonly after: number;
  readonly data: Uint8Array;
}

/** A JetStream stream with one subject, to which entries are added behind an expected end. */
export class NatsLog implements BusLog {
  readonly #session: NatsSession;
  readonly #name: string;
  readonly #subject: string;
  /** An entry of ours of which we do not know whether it was stored. */
  #unsure: Unsure | null = null;
  /** Clock reading at which the log's life was prolonged; null before the first time. */
  #prolongedAt: number | null = null;

  constructor(session: NatsSession, name: string, subject: string) {
    this.#session = session;
    this.#name = name;
    this.#subject = subject;
  }

  async append(data: Uint8Array, after: number): Promise<number | null> {
    const sequence = await this.#store(data, after);
    if (sequence !== null && this.#isDue()) void this.#prolong(sequence);
    return sequence;
  }

  async #store(data: Uint8Array, after: number): Promise<number | null> {
    const conditions = {
      'Nats-Expected-Stream': this.#name,
      'Nats-Expected-Last-Sequence': `${after}`,
    };
    const publish = async (): Promise<number | null> => {
      try {
        return (await publishStored(this.#session, { subject: this.#subject, data, conditions }))
          .seq;
      } catch (error) {
        if (isLate(error)) return null;
        throw error;
      }
    };
    try {
      const sequence = await this.#ask('append to', publish);
      if (sequence !== null || !this.#mayBeStored(data, after)) return sequence;
      return (await this.#holds(data, after + 1)) ? after + 1 : null;
    } catch (error) {
      if (error instanceof BusAwayError) this.#unsure = { after, data: data.slice() };
      throw error;
    }
  }

  #mayBeStored(data: Uint8Array, after: number): boolean {
    return this.#unsure?.after === after && areEqual(this.#unsure.data, data);
  }

  async #holds(data: Uint8Array, sequence: number): Promise<boolean> {
    const stored = await this.#ask('read', async () => {
      const manager = await this.#session.manager();
      return manager.streams.getMessage(this.#name, { seq: sequence });
    });
    return areEqual(stored.data, data);
  }

  #isDue(): boolean {
    const now = this.#session.clock.now();
    if (this.#prolongedAt !== null && now - this.#prolongedAt < busLogAgeInterval) return false;
    this.#prolongedAt = now;
    return true;
  }

  /** Entries live as long as the log is written to, however long ago the first one was. */
  async #prolong(sequence: number): Promise<void> {
    try {
      await this.#ask('prolong the life of', () => this.#liveOn(sequence, busLogAge));
    } catch {
      // There is more than a year left to try again.
      this.#prolongedAt = null;
    }
  }

  async retire(): Promise<void> {
    const last = await this.last();
    if (last === 0) return;
    await this.#ask('shorten the life of', () => this.#liveOn(last, busEndedLogAge));
    this.#prolongedAt = null;
  }

  /** All entries live for so long behind this one. */
  async #liveOn(sequence: number, life: Millis): Promise<void> {
    const { streams } = await this.#session.manager();
    const { created } = await streams.info(this.#name);
    const { time } = await streams.getMessage(this.#name, { seq: sequence });
    const age = Math.max(0, time.getTime() - Date.parse(String(created)));
    await streams.update(this.#name, { max_age: nanos(age + life) });
  }

  read(from: number, handler: LogHandler): Promise<Reader> {
    return openReader({
      session: this.#session,
      stream: this.#name,
      what: `read the log "${this.#name}"`,
      filters: [this.#subject],
      from: Math.max(1, from),
      complete: true,
      handler: ({ data, seq }) => handler(data, seq),
    });
  }

  last(): Promise<number> {
    return this.#ask('read', async () => {
      const manager = await this.#session.manager();
      return (await manager.streams.info(this.#name)).state.last_seq;
    });
  }

  remove(): Promise<void> {
    return removeStream(this.#session, this.#name);
  }

  #ask<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    return namingGone(this.#session, this.#name, `${what} the log "${this.#name}"`, work);
  }
}

const areEqual = (one: Uint8Array, other: Uint8Array): boolean => Buffer.compare(one, other) === 0;
