/** What went over the links, for metrics and for finding out who waits for whom. */
export interface LinkStats {
  /** Bytes by phase, headers included. */
  readonly sent: Readonly<Record<string, number>>;
  readonly received: Readonly<Record<string, number>>;
  /** Frames of an older generation, which were not looked at. */
  readonly refusedFrames: number;
  /** Connections with a wrong proof, generation or rank. */
  readonly refusedConnections: number;
}

export class Traffic {
  readonly #sent = new Map<string, number>();
  readonly #received = new Map<string, number>();
  refusedFrames = 0;
  refusedConnections = 0;

  countSent(phase: string, bytes: number): void {
    this.#sent.set(phase, (this.#sent.get(phase) ?? 0) + bytes);
  }

  countReceived(phase: string, bytes: number): void {
    this.#received.set(phase, (this.#received.get(phase) ?? 0) + bytes);
  }

  stats(): LinkStats {
    return {
      sent: Object.fromEntries(this.#sent),
      received: Object.fromEntries(this.#received),
      refusedFrames: this.refusedFrames,
      refusedConnections: this.refusedConnections,
    };
  }
}
