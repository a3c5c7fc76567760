/**
 * The receiving half of a WebSocket client (RFC 6455), as a state machine fed bytes. What `ws`
 * gives its user is a whole message in fresh memory; this one hands payload on in the pieces in
 * which it came, so that a float is copied once, from the read buffer to where it belongs.
 */
import { FrameError } from '../../frames/frames.js';

export interface ReaderSink {
  /** A piece of a binary message; `piece` is good during the call only. */
  data(piece: Uint8Array): void;
  /** To be answered with a pong of the same payload. */
  ping(payload: Uint8Array): void;
  /** The last frame of the peer. 1005 where it gave no code. */
  close(code: number): void;
}

const opcodes = { continuation: 0, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const longestHeader = 10;
const longestControlPayload = 125;

type State =
  | { readonly kind: 'header' }
  | { readonly kind: 'data'; left: number }
  | { readonly kind: 'control'; readonly opcode: number; left: number }
  | { readonly kind: 'closed' };

export class WebSocketReader {
  readonly #sink: ReaderSink;
  readonly #longestPayload: number;
  readonly #header = new Uint8Array(longestHeader);
  readonly #control = new Uint8Array(longestControlPayload);
  #filled = 0;
  /** Within a message whose last frame has not come. */
  #fragmented = false;
  #state: State = { kind: 'header' };

  /** @param longestPayload of one frame, in bytes */
  constructor(sink: ReaderSink, longestPayload: number) {
    this.#sink = sink;
    this.#longestPayload = longestPayload;
  }

  /** @throws FrameError where the peer breaks the protocol; the reader must not be used again. */
  push(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const state = this.#state;
      if (state.kind === 'closed') return;
      if (state.kind === 'header') {
        this.#header[this.#filled++] = bytes[at++] as number;
        if (this.#filled === this.#headerLength()) this.#begin();
        continue;
      }
      const piece = bytes.subarray(at, at + state.left);
      at += piece.length;
      state.left -= piece.length;
      if (state.kind === 'data') this.#sink.data(piece);
      else this.#control.set(piece, this.#filled);
      this.#filled += piece.length;
      if (state.left === 0) this.#end(state);
    }
  }

  /** Known in full once two bytes are there. */
  #headerLength(): number {
    if (this.#filled < 2) return 2;
    const length = (this.#header[1] as number) & 0x7f;
    return length === 126 ? 4 : length === 127 ? 10 : 2;
  }

  #begin(): void {
    const [first, second] = this.#header as unknown as [number, number];
    const opcode = first & 0x0f;
    const isFinal = first >= 0x80;
    const length = this.#payloadLength();
    if ((first & 0x70) !== 0) throw new FrameError('a reserved bit is set: should be none');
    if (second >= 0x80) throw new FrameError('a server masked its payload: should not');
    this.#filled = 0;
    if (opcode >= opcodes.close) {
      if (opcode > opcodes.pong || !isFinal || length > longestControlPayload) {
        throw new FrameError(`opcode ${opcode} with ${length} bytes is no control frame`);
      }
      this.#state = { kind: 'control', opcode, left: length };
    } else {
      const expected = this.#fragmented ? opcodes.continuation : opcodes.binary;
      if (opcode !== expected) throw new FrameError(`opcode is ${opcode}: should be ${expected}`);
      if (length > this.#longestPayload) {
        throw new FrameError(`${length} bytes in a message: should be <= ${this.#longestPayload}`);
      }
      this.#fragmented = !isFinal;
      this.#state = { kind: 'data', left: length };
    }
    if (length === 0) this.#end(this.#state);
  }

  #payloadLength(): number {
    const view = new DataView(this.#header.buffer);
    const short = view.getUint8(1) & 0x7f;
    if (short < 126) return short;
    return short === 126 ? view.getUint16(2) : view.getUint32(2) * 2 ** 32 + view.getUint32(6);
  }

  #end(state: State): void {
    const payload = this.#control.slice(0, this.#filled);
    this.#filled = 0;
    this.#state = { kind: 'header' };
    if (state.kind !== 'control') return;
    if (state.opcode === opcodes.ping) this.#sink.ping(payload);
    if (state.opcode !== opcodes.close) return;
    this.#state = { kind: 'closed' };
    this.#sink.close(payload.length < 2 ? 1005 : new DataView(payload.buffer).getUint16(0));
  }
}

/** A short frame of a client, of at most 125 bytes, masked as the protocol wants it. */
export function maskedFrame(
  kind: 'binary' | 'close' | 'pong',
  payload: Uint8Array,
  mask: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(6 + payload.length);
  frame[0] = 0x80 | opcodes[kind];
  frame[1] = 0x80 | payload.length;
  frame.set(mask.subarray(0, 4), 2);
  payload.forEach((byte, i) => {
    frame[6 + i] = byte ^ (mask[i % 4] as number);
  });
  return frame;
}
