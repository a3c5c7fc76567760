import type { Generation } from '../../shared/ids.js';
import type { LinkTraffic } from './link-meter.js';

/** What went over the links, for metrics and for finding out who waits for whom. */
export interface LinkStats {
  /** Bytes by phase, headers included. */
  readonly sent: Readonly<Record<string, number>>;
  readonly received: Readonly<Record<string, number>>;
  /** Frames of an older generation, which were not looked at. */
  readonly refusedFrames: number;
  /** Connections with a wrong proof, generation or rank. */
  readonly refusedConnections: number;
  /** Of each generation whose links are open. */
  readonly generations: readonly {
    readonly generation: Generation;
    readonly links: readonly LinkTraffic[];
  }[];
}

export class Traffic {
  readonly #sent = new Map<string, number>();
  readonly #received = new Map<string, number>();
  readonly #open = new Map<Generation, () => readonly LinkTraffic[]>();
  refusedFrames = 0;
  refusedConnections = 0;

  countSent(phase: string, bytes: number): void {
    this.#sent.set(phase, (this.#sent.get(phase) ?? 0) + bytes);
  }

  countReceived(phase: string, bytes: number): void {
    this.#received.set(phase, (this.#received.get(phase) ?? 0) + bytes);
  }

  /** @param read what each of its links has carried so far */
  opened(generation: Generation, read: () => readonly LinkTraffic[]): void {
    this.#open.set(generation, read);
  }

  closed(generation: Generation): void {
    this.#open.delete(generation);
  }

  stats(): LinkStats {
    const open = [...this.#open];
    return {
      sent: Object.fromEntries(this.#sent),
      received: Object.fromEntries(this.#received),
      refusedFrames: this.refusedFrames,
      refusedConnections: this.refusedConnections,
      generations: open.map(([generation, read]) => ({ generation, links: read() })),
    };
  }
}
