/**
 * How a state travels. The copier asks in messages of 20 bytes; the holder answers with a stream of
 * frames, each a header of 16 bytes and its payload. Everything is little-endian.
 *
 *     request                                   frame
 *     0  u32  magic "LKSQ"                      0  u32  magic "LKSA"
 *     4  u8   kind, as below                    4  u8   kind, as in `frameKinds`
 *     5  u8   settled                           5  three zeros
 *     6  u16  zero                              8  u32  number of the range, else 0
 *     8  u32  committed steps                  12  u32  payload bytes
 *    12  u32  collapses
 *    16  u32  number of the range
 *
 * Kinds of requests: 1 the index of a position, 2 a range of one, 3 the index of a checkpoint, of which
 * only the committed steps are known, 4 the index of what is offered now, or next. A range comes as `range`, straight out of the holder's memory, and counts only when `kept` follows:
 * `changed` takes it back, because the state was replaced while it was read.
 */
import type { Position } from '../../../shared/membership/position.js';
import { FrameError } from '../frames/frames.js';
import { indexBytes, rangeBytes, reasonBytes } from './limits.js';
import type { WantedState } from './state-transfer.js';

export const requestBytes = 20;
export const transferHeaderLength = 16;

const requestMagic = 0x51534b4c;
const frameMagic = 0x41534b4c;

export type TransferRequest =
  | { readonly kind: 'index'; readonly wanted: WantedState }
  | { readonly kind: 'range'; readonly position: Position; readonly number: number };

export function encodeRequest(request: TransferRequest): Uint8Array {
  const view = new DataView(new ArrayBuffer(requestBytes));
  const { committedSteps, collapses, settled } = positionIn(request);
  view.setUint32(0, requestMagic, true);
  view.setUint8(4, kindOf(request));
  view.setUint8(5, settled ? 1 : 0);
  view.setUint32(8, committedSteps, true);
  view.setUint32(12, collapses, true);
  view.setUint32(16, request.kind === 'range' ? request.number : 0, true);
  return new Uint8Array(view.buffer);
}

const kindsWanted = { position: 1, checkpoint: 3, next: 4 } as const;

const kindOf = (request: TransferRequest): number =>
  request.kind === 'range' ? 2 : kindsWanted[request.wanted.kind];

function positionIn(request: TransferRequest): Position {
  if (request.kind === 'range') return request.position;
  const { wanted } = request;
  if (wanted.kind === 'position') return wanted.position;
  const committedSteps = wanted.kind === 'checkpoint' ? wanted.committedSteps : 0;
  return { committedSteps, collapses: 0, settled: false };
}

/** @throws FrameError for bytes that are no request of this version. */
export function decodeRequest(bytes: Uint8Array): TransferRequest {
  if (bytes.byteLength !== requestBytes) {
    throw new FrameError(`a request has ${bytes.byteLength} bytes: should be ${requestBytes}`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, requestBytes);
  const [kind, settled, number] = [view.getUint8(4), view.getUint8(5), view.getUint32(16, true)];
  const isRight = view.getUint32(0, true) === requestMagic && view.getUint16(6, true) === 0;
  const position = {
    committedSteps: view.getUint32(8, true),
    collapses: view.getUint32(12, true),
    settled: settled === 1,
  };
  if (isRight && settled <= 1) {
    if (kind === 2) return { kind: 'range', position, number };
    if (kind === 1 && number === 0) return indexOf({ kind: 'position', position });
    const { committedSteps, collapses } = position;
    if (kind === 3 && number + collapses + settled === 0) {
      return indexOf({ kind: 'checkpoint', committedSteps });
    }
    if (kind === 4 && number + committedSteps + collapses + settled === 0) {
      return indexOf({ kind: 'next' });
    }
  }
  throw new FrameError('a request for a state is malformed');
}

const indexOf = (wanted: WantedState): TransferRequest => ({ kind: 'index', wanted });

/** With the longest payload of each; `later` has the reason why the state cannot be had now. */
const frameKinds = {
  index: indexBytes,
  range: rangeBytes,
  later: reasonBytes,
  kept: 0,
  changed: 0,
};

export type TransferFrameKind = keyof typeof frameKinds;

const kinds = Object.keys(frameKinds) as TransferFrameKind[];

export interface TransferFrame {
  readonly kind: TransferFrameKind;
  readonly number: number;
  readonly byteLength: number;
}

export function encodeFrame({ kind, number, byteLength }: TransferFrame): Uint8Array {
  const view = new DataView(new ArrayBuffer(transferHeaderLength));
  view.setUint32(0, frameMagic, true);
  view.setUint8(4, kinds.indexOf(kind) + 1);
  view.setUint32(8, number, true);
  view.setUint32(12, byteLength, true);
  return new Uint8Array(view.buffer);
}

function decodeFrame(bytes: Uint8Array): TransferFrame {
  const view = new DataView(bytes.buffer, bytes.byteOffset, transferHeaderLength);
  const kind = kinds[view.getUint8(4) - 1];
  const zeros = bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0;
  if (view.getUint32(0, true) !== frameMagic || kind === undefined || !zeros) {
    throw new FrameError('a frame of a state is malformed');
  }
  const byteLength = view.getUint32(12, true);
  if (byteLength > frameKinds[kind]) {
    throw new FrameError(`${kind} has ${byteLength} bytes: should be <= ${frameKinds[kind]}`);
  }
  return { kind, number: view.getUint32(8, true), byteLength };
}

export interface TransferSink {
  /**
   * Where the payload goes: memory of exactly its size.
   *
   * @throws FrameError where no such frame was asked for.
   */
  open(frame: TransferFrame): Uint8Array;
  complete(frame: TransferFrame, payload: Uint8Array): void;
}

/** Turns a stream of bytes, cut anywhere, into frames. After an error it must not be used again. */
export class TransferParser {
  readonly #sink: TransferSink;
  readonly #copy: (into: Uint8Array, from: Uint8Array) => void;
  readonly #header = new Uint8Array(transferHeaderLength);
  /** Null while a header is being read. */
  #frame: TransferFrame | null = null;
  #payload: Uint8Array = this.#header;
  #filled = 0;

  constructor(sink: TransferSink, copy: (into: Uint8Array, from: Uint8Array) => void) {
    this.#sink = sink;
    this.#copy = copy;
  }

  /** @throws FrameError */
  push(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const into = this.#frame === null ? this.#header : this.#payload;
      const used = Math.min(into.length - this.#filled, rest.length);
      this.#copy(into.subarray(this.#filled, this.#filled + used), rest.subarray(0, used));
      this.#filled += used;
      rest = rest.subarray(used);
      if (this.#filled === into.length) this.#turn();
    }
  }

  /** A header or a payload is whole. */
  #turn(): void {
    this.#filled = 0;
    if (this.#frame === null) {
      this.#frame = decodeFrame(this.#header);
      this.#payload = this.#sink.open(this.#frame);
      if (this.#frame.byteLength > 0) return;
    }
    const frame = this.#frame;
    this.#frame = null;
    this.#sink.complete(frame, this.#payload);
  }
}
