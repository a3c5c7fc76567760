import { decodeHeader, type FrameHeader, headerBytes } from './frames.js';

export interface FrameSink {
  /**
   * Says where the payload goes: memory of exactly its size, or 'skip'. What it throws stops the
   * parser.
   */
  open(header: FrameHeader): Uint8Array | 'skip';
  /** The whole payload is where `open` wanted it. Not called for what was skipped. */
  complete(header: FrameHeader, payload: Uint8Array): void;
}

/** Fills `into` with as many bytes of `from`. */
export type Copy = (into: Uint8Array, from: Uint8Array) => void;

type State =
  | { readonly kind: 'header'; filled: number }
  | { readonly kind: 'skip'; left: number }
  | {
      readonly kind: 'payload';
      readonly header: FrameHeader;
      readonly target: Uint8Array;
      filled: number;
    };

/** Turns a stream of bytes, cut anywhere, into frames. After an error it must not be used again. */
export class FrameParser {
  readonly #sink: FrameSink;
  readonly #copy: Copy;
  readonly #header = new Uint8Array(headerBytes);
  #state: State = { kind: 'header', filled: 0 };

  constructor(sink: FrameSink, copy: Copy) {
    this.#sink = sink;
    this.#copy = copy;
  }

  /** @throws FrameError */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) rest = rest.subarray(this.#take(rest));
  }

  /** Returns how many bytes were used: at least one. */
  #take(bytes: Uint8Array): number {
    switch (this.#state.kind) {
      case 'header':
        return this.#takeHeader(this.#state, bytes);
      case 'skip': {
        const used = Math.min(this.#state.left, bytes.length);
        this.#state.left -= used;
        if (this.#state.left === 0) this.#state = { kind: 'header', filled: 0 };
        return used;
      }
      case 'payload':
        return this.#takePayload(this.#state, bytes);
    }
  }

  #takeHeader(state: Extract<State, { kind: 'header' }>, bytes: Uint8Array): number {
    const used = Math.min(headerBytes - state.filled, bytes.length);
    this.#header.set(bytes.subarray(0, used), state.filled);
    state.filled += used;
    if (state.filled === headerBytes) {
      const header = decodeHeader(this.#header);
      const target = this.#sink.open(header);
      this.#state =
        target === 'skip'
          ? { kind: 'skip', left: header.byteLength }
          : { kind: 'payload', header, target, filled: 0 };
    }
    return used;
  }

  #takePayload(state: Extract<State, { kind: 'payload' }>, bytes: Uint8Array): number {
    const { byteLength } = state.header;
    const used = Math.min(byteLength - state.filled, bytes.length);
    const target = state.target.subarray(state.filled, state.filled + used);
    this.#copy(target, bytes.subarray(0, used));
    state.filled += used;
    if (state.filled === byteLength) {
      this.#state = { kind: 'header', filled: 0 };
      this.#sink.complete(state.header, state.target);
    }
    return used;
  }
}
