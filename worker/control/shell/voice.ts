/**
 * What a worker says: its status again and again, its facts until they are recorded, and that it wants
 * files until it has them. Nothing that it says has to arrive.
 */
import { type Bus, BusLostError } from '../../../shared/bus.js';
import type { WorkerId } from '../../../shared/ids.js';
import { heartbeatInterval } from '../../../shared/limits.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import {
  encodeWorkerMessage,
  type WorkerMessage,
  type WorkerReport,
  type WorkerStatus,
} from '../../../shared/messages/cluster/from-worker.js';
import type { PublishedFile } from '../../../shared/messages/published-file.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { workerSubject } from '../../../shared/subjects.js';
import type { Millis } from '../../../shared/units.js';
import { Outbox } from '../outbox/outbox.js';

export interface VoiceParts {
  readonly bus: Bus;
  readonly worker: WorkerId;
  readonly incarnation: string;
  readonly now: () => Millis;
}

type Files = readonly PublishedFile[];

interface Wanted {
  readonly give: (files: Files) => void;
  askedAt: Millis;
}

export class Voice {
  readonly #parts: VoiceParts;
  readonly #outbox: Outbox;
  /** By the digest of the files. */
  readonly #wanted = new Map<string, Wanted>();
  #run: RunAddress | null = null;
  #isLed = false;
  #isOver = false;
  #said: { readonly key: string; readonly at: Millis } | null = null;

  constructor(parts: VoiceParts) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts.incarnation);
  }

  /** From here on somebody may listen. */
  join(run: RunAddress): void {
    this.#run = run;
  }

  /** Nobody is to hear anything any more: a leader that ends waits for silence. */
  end(): void {
    this.#isOver = true;
  }

  /** No more facts find room: training must wait. */
  get isFull(): boolean {
    return this.#outbox.isFull;
  }

  /** Says the status where it has changed, or is due. */
  speak(status: WorkerStatus): void {
    // Steps are told by their reports: they are no change that a leader waits for.
    const position = status.phase === 'training' ? null : status.position;
    const key = JSON.stringify({ ...status, speed: null, position });
    const now = this.#parts.now();
    const said = this.#said;
    if (said !== null && said.key === key && now - said.at < heartbeatInterval) return;
    this.#said = { key, at: now };
    this.say(status);
  }

  /** A fact, until it is recorded. Its number. */
  report(generation: number, report: WorkerReport): number {
    const number = this.#outbox.add(generation, report);
    this.#send();
    return number;
  }

  isRecorded(number: number): boolean {
    return this.#outbox.isHeard(number);
  }

  hear(lead: Lead): void {
    this.#isLed = true;
    this.#outbox.hear(lead, this.#parts.worker);
    this.#send();
  }

  wantFiles(digest: string): Promise<Files> {
    return new Promise((resolve) => {
      this.#wanted.set(digest, { give: resolve, askedAt: this.#parts.now() });
      this.say({ kind: 'files-wanted', digest });
    });
  }

  hearFiles(digest: string, files: Files): void {
    this.#wanted.get(digest)?.give(files);
    this.#wanted.delete(digest);
  }

  /** Says again what is due. */
  tick(): void {
    const now = this.#parts.now();
    // Of its own clock: whoever is to answer may not have listened yet, or may have lost its place.
    for (const [digest, wanted] of this.#wanted) {
      if (now - wanted.askedAt < heartbeatInterval) continue;
      wanted.askedAt = now;
      this.say({ kind: 'files-wanted', digest });
    }
    this.#send();
  }

  say(message: WorkerMessage): void {
    if (this.#run === null || this.#isOver) return;
    const { bus, worker } = this.#parts;
    try {
      bus.publish(workerSubject(this.#run, worker), encodeWorkerMessage(message));
    } catch (error) {
      // A bus that is lost for good is told by `closed`, once; everything else is a defect.
      if (!(error instanceof BusLostError)) throw error;
    }
  }

  #send(): void {
    if (!this.#isLed) return;
    for (const report of this.#outbox.due(this.#parts.now())) this.say(report);
  }
}
