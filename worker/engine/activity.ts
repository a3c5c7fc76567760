/**
 * What a thread that computes is doing, and since when, in memory that another thread can read while
 * the first one is inside native code: a kernel that hangs has a name and an age.
 */

/** In Int32: id and begin of the phase, id and begin of the kernel. */
const words = 4;
const slots = { phase: 0, kernel: 2 } as const;
export type ActivitySlot = keyof typeof slots;

/** Distinct names that are told apart; an engine has fewer kernels, a training fewer phases. */
const namesMax = 256;
/** Longer names are cut: nobody reads more of one. */
const nameBytes = 32;

export interface Busy {
  /** Null between phases. */
  readonly phase: string | null;
  /** Null where no kernel runs, or the engine does not tell. */
  readonly kernel: string | null;
  /** Of the kernel, else of the phase. */
  readonly millis: number;
}

export class Activity {
  readonly shared: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #names: Uint8Array;
  readonly #ids = new Map<string, number>();

  /** @param shared that of the one that the other thread holds; a new one where it is left out. */
  constructor(shared = new SharedArrayBuffer(4 * words + namesMax * nameBytes)) {
    this.shared = shared;
    this.#words = new Int32Array(shared, 0, words);
    this.#names = new Uint8Array(shared, 4 * words);
  }

  begin(slot: ActivitySlot, name: string): void {
    const id = this.#ids.get(name) ?? this.#nameAnew(name);
    Atomics.store(this.#words, slots[slot] + 1, monotonicMillis());
    Atomics.store(this.#words, slots[slot], id);
  }

  end(slot: ActivitySlot): void {
    Atomics.store(this.#words, slots[slot], 0);
  }

  /** Null where nothing is computed, as far as the thread has said. */
  busy(): Busy | null {
    const phase = this.#nameIn('phase');
    const kernel = this.#nameIn('kernel');
    if (phase === null && kernel === null) return null;
    const since = Atomics.load(this.#words, slots[kernel === null ? 'phase' : 'kernel'] + 1);
    // The clock's low bits: a difference of two of them is right across their turn.
    return { phase, kernel, millis: Math.max(0, (monotonicMillis() - since) | 0) };
  }

  #nameAnew(name: string): number {
    const id = Math.min(this.#ids.size + 1, namesMax);
    this.#ids.set(name, id);
    const bytes = new TextEncoder().encode(name).subarray(0, nameBytes);
    this.#names.fill(0, (id - 1) * nameBytes, id * nameBytes);
    this.#names.set(bytes, (id - 1) * nameBytes);
    return id;
  }

  #nameIn(slot: ActivitySlot): string | null {
    const id = Atomics.load(this.#words, slots[slot]);
    if (id === 0) return null;
    const bytes = this.#names.slice((id - 1) * nameBytes, id * nameBytes);
    const end = bytes.indexOf(0);
    return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
  }
}

/** The same in all threads of a process, whatever becomes of the time of day. In Int32. */
function monotonicMillis(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return (seconds * 1000 + Math.floor(nanoseconds / 1e6)) | 0;
}
