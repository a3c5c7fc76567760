import type { Rank } from '../../../shared/ids.js';
import type { Link, LinkReceiver } from './link.js';

/** Two ends of a link inside one thread, for tests of what runs over links. */
export function memoryLinkPair(a: Rank, b: Rank): [MemoryLink, MemoryLink] {
  const atA = new MemoryLink(b);
  const atB = new MemoryLink(a);
  atA.other = atB;
  atB.other = atA;
  return [atA, atB];
}

interface Parcel {
  readonly bytes: Uint8Array;
  readonly sent: () => void;
}

export class MemoryLink implements Link {
  readonly peer: Rank;
  other: MemoryLink | null = null;
  #receiver: LinkReceiver | null = null;
  #inbox: Parcel[] = [];
  #paused = false;
  #scheduled = false;
  #ending: 'no' | 'departed' | 'lost' | 'ended' = 'no';

  constructor(peer: Rank) {
    this.peer = peer;
  }

  get buffered(): number {
    if (this.other === null) return 0;
    return this.other.#inbox.reduce((sum, { bytes }) => sum + bytes.length, 0);
  }

  open(receiver: LinkReceiver): void {
    this.#receiver = receiver;
    this.#schedule();
  }

  send(bytes: Uint8Array, sent: () => void): void {
    if (this.other !== null) this.other.#accept({ bytes, sent });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#schedule();
  }

  close(): void {
    this.#end('departed');
  }

  terminate(): void {
    this.#inbox = [];
    this.#end('lost');
  }

  #end(how: 'departed' | 'lost'): void {
    const { other } = this;
    this.#ending = 'ended';
    this.other = null;
    if (other === null || other.#ending !== 'no') return;
    other.#ending = how;
    if (how === 'lost') other.#inbox = [];
    other.#schedule();
  }

  #accept(parcel: Parcel): void {
    if (this.#ending !== 'no') return;
    this.#inbox.push(parcel);
    this.#schedule();
  }

  /** Delivers in a later turn, as a socket does: code that relies on an immediate answer fails. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const receiver = this.#receiver;
    if (receiver === null) return;
    while (!this.#paused && this.#inbox.length > 0) {
      const { bytes, sent } = this.#inbox.shift() as Parcel;
      // A copy, as the kernel makes one: the sender may change its memory once `sent` was called.
      const copy = new Uint8Array(bytes);
      sent();
      receiver.bytes(copy);
      // A socket reads into the same buffer again.
      copy.fill(0xff);
    }
    if (this.#inbox.length > 0 || this.#ending === 'no' || this.#ending === 'ended') return;
    const how = this.#ending;
    this.#ending = 'ended';
    this.other = null;
    if (how === 'departed') receiver.departed();
    else receiver.lost('its link was terminated');
  }
}
