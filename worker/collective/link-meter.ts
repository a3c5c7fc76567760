/**
 * What one link of a generation has carried, and how long that took. A slow network and a slow member look
 * alike to whoever waits; what comes over the first one takes long from its beginning to its end. That is
 * measured where it comes: whatever fits a socket has left a sender at once.
 */
import type { Rank } from '../../shared/ids.js';
import type { Millis } from '../../shared/units.js';

/** Since the link was made. */
export interface LinkTraffic {
  readonly peer: Rank;
  /** Headers included. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** While a frame of the peer had begun to come, and was not there yet. */
  readonly receiveSeconds: number;
  /** While an exchange that had begun here lacked something of the peer; this thread may have computed. */
  readonly waitSeconds: number;
}

export class LinkMeter {
  readonly #peer: Rank;
  readonly #receiving = new Stopwatch();
  readonly #waiting = new Stopwatch();
  #sentBytes = 0;
  #receivedBytes = 0;

  constructor(peer: Rank) {
    this.#peer = peer;
  }

  sent(bytes: number): void {
    this.#sentBytes += bytes;
  }

  /** A frame begins to come. */
  receives(now: Millis): void {
    this.#receiving.begin(now);
  }

  /** It is there. */
  received(now: Millis, bytes: number): void {
    this.#receiving.end(now);
    this.#receivedBytes += bytes;
  }

  /** An exchange lacks something of the peer from here on. */
  waits(now: Millis): void {
    this.#waiting.begin(now);
  }

  /** It has all of it. */
  served(now: Millis): void {
    this.#waiting.end(now);
  }

  read(now: Millis): LinkTraffic {
    return {
      peer: this.#peer,
      sentBytes: this.#sentBytes,
      receivedBytes: this.#receivedBytes,
      receiveSeconds: this.#receiving.seconds(now),
      waitSeconds: this.#waiting.seconds(now),
    };
  }
}

/** How long at least one of several things that overlap has lasted. */
class Stopwatch {
  #running = 0;
  #since = 0;
  #millis = 0;

  begin(now: Millis): void {
    if (this.#running++ === 0) this.#since = now;
  }

  end(now: Millis): void {
    if (--this.#running === 0) this.#millis += now - this.#since;
  }

  seconds(now: Millis): number {
    return (this.#millis + (this.#running > 0 ? now - this.#since : 0)) / 1000;
  }
}
