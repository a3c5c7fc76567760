import type { Link } from '../links/link.js';
import type { OutgoingFrame } from '../operation.js';
import { encodeHeader, type FrameHeader, headerBytes } from './frames.js';

/** Enough to keep a link of 10 Gb/s busy for a few milliseconds of waiting for this thread. */
const highWaterBytes = 4 * 2 ** 20;

/** Below this a frame is one message: a copy costs less than a second message. */
const joinBytes = 16 * 2 ** 10;

/** What one operation still has to send to one peer. */
interface Entry {
  readonly frames: Iterator<OutgoingFrame>;
  readonly complete: (frame: OutgoingFrame['header'], byteLength: number) => FrameHeader;
  /** Called for each frame when it has left. */
  readonly sent: (payloadBytes: number) => void;
}

/**
 * Frames for one peer, in the order in which their operations were started. The order matters: it
 * is what keeps a peer that holds back early frames from waiting for something behind them.
 */
export class FrameQueue {
  readonly #link: Link;
  readonly #entries: Entry[] = [];
  #pumping = false;

  constructor(link: Link) {
    this.#link = link;
  }

  get empty(): boolean {
    return this.#entries.length === 0;
  }

  push(entry: Entry): void {
    this.#entries.push(entry);
    this.pump();
  }

  clear(): void {
    this.#entries.length = 0;
  }

  /** Sends until the link is full; goes on when something has left. */
  pump(): void {
    // A link may report at once that a frame has left; the loop below then goes on by itself.
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#entries.length > 0 && this.#link.buffered < highWaterBytes) {
      const entry = this.#entries[0] as Entry;
      const next = entry.frames.next();
      if (next.done === true) this.#entries.shift();
      else this.#send(entry, next.value);
    }
    this.#pumping = false;
  }

  #send({ complete, sent }: Entry, { header, payload }: OutgoingFrame): void {
    const { byteLength } = payload;
    const whole = byteLength <= joinBytes;
    const head = Buffer.allocUnsafe(headerBytes + (whole ? byteLength : 0));
    encodeHeader(complete(header, byteLength), head);
    const left = (): void => {
      sent(byteLength);
      this.pump();
    };
    if (whole) {
      head.set(payload, headerBytes);
      this.#link.send(head, left);
    } else {
      this.#link.send(head, () => undefined);
      this.#link.send(payload, left);
    }
  }
}
