/**
 * Gives copies of this member's state, in the links thread, straight out of the memory in which it is
 * trained. It never gives wrong bytes: whoever withdraws a state raises the version of what is offered
 * before anybody may change the state, and a range counts only if the version is still the same after
 * it has left.
 */
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { positionText, samePosition } from '../../../shared/membership/position.js';
import { FrameError, maxPayloadBytes } from '../frames/frames.js';
import { copierIdle, copiersMax, indexWait, reasonBytes, requestsWaiting } from './limits.js';
import { type Range, rangesOf } from './ranges.js';
import { digestOfRange, encodeIndex } from './state-index.js';
import { isWanted, type OfferedState } from './state-transfer.js';
import {
  decodeRequest,
  encodeFrame,
  type TransferFrameKind,
  type TransferRequest,
} from './transfer-frames.js';

/** The state on offer, as it was when it was offered. */
class Offer {
  readonly state: OfferedState;
  readonly ranges: readonly Range[];
  readonly #version: number;
  readonly #versions: Int32Array;
  #index: Promise<Buffer | null> | null = null;

  constructor(state: OfferedState, version: number, versions: Int32Array) {
    this.state = state;
    this.ranges = rangesOf(state.sections.map(({ bytes }) => bytes.byteLength));
    this.#version = version;
    this.#versions = versions;
  }

  get isUnchanged(): boolean {
    return Atomics.load(this.#versions, 0) === this.#version;
  }

  /** Made once, for whoever asks first; null where the state has changed meanwhile. */
  index(): Promise<Buffer | null> {
    this.#index ??= this.#makeIndex();
    return this.#index;
  }

  async #makeIndex(): Promise<Buffer | null> {
    const { position, header, sections } = this.state;
    const digests: string[] = [];
    for (const range of this.ranges) {
      digests.push(digestOfRange(sections, range));
      // The links of training have their turn between two ranges.
      await turn();
      if (!this.isUnchanged) return null;
    }
    return encodeIndex({
      position,
      header,
      sections: sections.map(({ name, bytes }) => ({ name, bytes: bytes.byteLength })),
      digests,
    });
  }
}

export class StateServer {
  readonly #versions: Int32Array;
  #offer: Offer | null = null;
  #copiers = 0;
  /** Of copiers that take whatever comes next. */
  readonly #waiting: (() => void)[] = [];

  /** @param versions one number in shared memory; an offer stands while it is the offer's version. */
  constructor(versions: Int32Array) {
    this.#versions = versions;
  }

  /** What copies are made from until the next call. */
  serve(state: OfferedState | null, version: number): void {
    this.#offer = state === null ? null : new Offer(state, version, this.#versions);
    if (state !== null) for (const resume of this.#waiting.splice(0)) resume();
  }

  /** Answers whoever has shown that it may have the state, one request after the other. */
  welcome(socket: WebSocket): void {
    if (this.#copiers >= copiersMax) {
      // Ended in order: a reset could overtake the reason.
      const close = () => socket.close();
      later(socket, `${copiersMax} others copy already`).then(close, close);
      return;
    }
    const waiting: TransferRequest[] = [];
    let isAnswering = false;
    this.#copiers++;
    const idle = setTimeout(() => socket.terminate(), copierIdle);
    socket.once('close', () => {
      clearTimeout(idle);
      this.#copiers--;
    });
    const answerAll = async (): Promise<void> => {
      isAnswering = true;
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        await this.#answer(socket, next);
      }
      isAnswering = false;
    };
    socket.on('message', (data: Buffer) => {
      const request = read(data);
      if (request === null || waiting.length >= requestsWaiting) return socket.terminate();
      idle.refresh();
      waiting.push(request);
      // A copier that is gone, or a state that no index can describe, is the copier's loss alone.
      if (!isAnswering) answerAll().catch(() => socket.terminate());
    });
  }

  /** Until something is offered, or the copier is gone. */
  #somethingFor(socket: WebSocket): Promise<void> {
    if (this.#offer !== null || socket.readyState !== socket.OPEN) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      socket.once('close', () => {
        const at = this.#waiting.indexOf(resolve);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve();
      });
    });
  }

  async #answer(socket: WebSocket, request: TransferRequest): Promise<void> {
    const isPatient = request.kind === 'index' && request.wanted.kind === 'next';
    if (isPatient) await this.#somethingFor(socket);
    const offer = this.#offer;
    if (offer === null) return later(socket, 'no state is given away here');
    const { position } = offer.state;
    const fits =
      request.kind === 'range'
        ? samePosition(position, request.position)
        : isWanted(request.wanted, position);
    if (!fits) return later(socket, `the state here is of ${positionText(position)}`);
    if (request.kind === 'range') return giveRange(socket, offer, request.number);
    const tooLong = isPatient ? [] : [delay(indexWait, 'pending' as const)];
    const index = await Promise.race([offer.index(), ...tooLong]);
    if (index === 'pending') return later(socket, 'the digests are being made');
    if (index === null || !offer.isUnchanged) return later(socket, 'the state is changing');
    await send(socket, 'index', 0, index);
  }
}

function read(data: Buffer): TransferRequest | null {
  try {
    return decodeRequest(data);
  } catch (error) {
    if (error instanceof FrameError) return null;
    throw error;
  }
}

async function giveRange(socket: WebSocket, offer: Offer, number: number): Promise<void> {
  const range = offer.ranges[number];
  if (range === undefined) {
    throw new FrameError(`range ${number} is asked for: should be < ${offer.ranges.length}`);
  }
  const section = offer.state.sections[range.section]?.bytes as Uint8Array;
  const bytes = Buffer.from(
    section.buffer,
    section.byteOffset + range.begin,
    range.end - range.begin,
  );
  if (!offer.isUnchanged) return later(socket, 'the state is changing');
  await send(socket, 'range', number, bytes);
  await send(socket, offer.isUnchanged ? 'kept' : 'changed', number, nothing);
}

const nothing = new Uint8Array(0);

const later = (socket: WebSocket, reason: string): Promise<void> =>
  send(socket, 'later', 0, Buffer.from(reason).subarray(0, reasonBytes));

/** Resolves when the kernel has taken the bytes; messages are as long as those of frames. */
function send(
  socket: WebSocket,
  kind: TransferFrameKind,
  number: number,
  payload: Uint8Array,
): Promise<void> {
  const pieces = [encodeFrame({ kind, number, byteLength: payload.byteLength })];
  for (let at = 0; at < payload.byteLength; at += maxPayloadBytes) {
    pieces.push(payload.subarray(at, at + maxPayloadBytes));
  }
  return new Promise((resolve, reject) => {
    pieces.forEach((piece, index) => {
      const isLast = index === pieces.length - 1;
      socket.send(piece, (error) => {
        if (error != null) reject(error);
        else if (isLast) resolve();
      });
    });
  });
}
