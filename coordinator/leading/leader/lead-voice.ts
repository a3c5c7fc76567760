/** What a leader says to everyone, again and again; encoded once for each change. */
import { type Bus, BusLostError } from '../../../shared/bus.js';
import { heartbeatInterval } from '../../../shared/limits.js';
import {
  encodeLeaderMessage,
  type Lead,
  type LeaderMessage,
} from '../../../shared/messages/cluster/from-leader.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { coordinatorSubject } from '../../../shared/subjects.js';
import type { Millis } from '../../../shared/units.js';

export class LeadVoice {
  readonly #bus: Bus;
  readonly #subject: string;
  readonly #compose: () => Lead;
  #encoded: Uint8Array | null = null;
  #saidAt: Millis | null = null;

  constructor(bus: Bus, run: RunAddress, compose: () => Lead) {
    this.#bus = bus;
    this.#subject = coordinatorSubject(run);
    this.#compose = compose;
  }

  /** Something that the lead says has changed: it is said at the next look. */
  changed(): void {
    this.#encoded = null;
    this.#saidAt = null;
  }

  /** Something has changed that may wait for its turn, as what has been heard of whom. */
  aged(): void {
    this.#encoded = null;
  }

  /** Says it where it is due. */
  tick(now: Millis, every: Millis = heartbeatInterval): void {
    if (this.#saidAt !== null && now - this.#saidAt < every) return;
    this.#saidAt = now;
    this.#encoded ??= encodeLeaderMessage(this.#compose());
    this.#publish(this.#encoded);
  }

  say(message: LeaderMessage): void {
    this.#publish(encodeLeaderMessage(message));
  }

  #publish(data: Uint8Array): void {
    try {
      this.#bus.publish(this.#subject, data);
    } catch (error) {
      // A lost bus is told by `closed`, once; everything else is a defect.
      if (!(error instanceof BusLostError)) throw error;
    }
  }
}
