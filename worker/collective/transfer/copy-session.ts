import type { Position } from '../../../shared/membership/position.js';
import { type Millis, millis } from '../../../shared/units.js';
import { StateTransferError } from '../errors.js';
import type { Copy } from '../frames/frame-parser.js';
import { FrameError } from '../frames/frames.js';
import type { IncomingSocket } from '../links/websocket/incoming-socket.js';
import { holderSilence } from './limits.js';
import { type Range, rangesOf } from './ranges.js';
import { decodeIndex, type StateIndex } from './state-index.js';
import type { StateSectionBytes } from './state-transfer.js';
import {
  encodeRequest,
  type TransferFrame,
  TransferParser,
  type TransferRequest,
} from './transfer-frames.js';

export interface CopySessionParts {
  /** Null where nobody knows it yet: then only an offer can be asked for. */
  readonly position: Position | null;
  readonly into: readonly StateSectionBytes[];
  readonly copy: Copy;
  readonly signal: AbortSignal;
  /** How long the whole session may take. */
  readonly left: Millis;
}

/** What was asked for, in the order in which it is answered. */
type Wanted =
  | {
      readonly kind: 'index';
      readonly resolve: (index: StateIndex) => void;
      readonly reject: (error: Error) => void;
    }
  | {
      readonly kind: 'range';
      readonly number: number;
      readonly resolve: () => void;
      readonly reject: (error: Error) => void;
    };

/**
 * A copier's connection to one holder. It fails as a whole: after the first error every request has
 * been rejected with StateTransferError, and nothing is written to the sections any more.
 */
export class CopySession {
  readonly #socket: IncomingSocket;
  readonly #parts: CopySessionParts;
  readonly #ranges: readonly Range[];
  readonly #wanted: Wanted[] = [];
  readonly #giveUp = (): void => this.#fail('it was given up');
  readonly #end: NodeJS.Timeout;
  #silence: NodeJS.Timeout;
  #failure: StateTransferError | null = null;

  constructor(socket: IncomingSocket, parts: CopySessionParts) {
    this.#socket = socket;
    this.#parts = parts;
    this.#ranges = rangesOf(parts.into.map(({ bytes }) => bytes.byteLength));
    this.#end = setTimeout(() => this.#fail('it took too long'), Math.max(1, parts.left));
    this.#silence = this.#watch();
    parts.signal.addEventListener('abort', this.#giveUp);
    if (parts.signal.aborted) this.#giveUp();
    const parser = new TransferParser(
      {
        open: (frame) => this.#open(frame),
        complete: (frame, payload) => this.#complete(frame, payload),
      },
      parts.copy,
    );
    socket.open({
      bytes: (piece) => this.#push(parser, piece),
      closed: (_code, how) => this.#fail(how),
    });
  }

  /** Of the state at the position, or of any; rejects where the holder does not have it now. */
  index(): Promise<StateIndex> {
    return new Promise((resolve, reject) => {
      this.#ask({ kind: 'index', resolve, reject });
    });
  }

  /** Fills the range; its digest is for the caller to check. */
  range(number: number): Promise<void> {
    const filled = new Promise<void>((resolve, reject) => {
      this.#ask({ kind: 'range', number, resolve, reject });
    });
    // One that is asked for ahead may fail before anybody waits for it.
    filled.catch(() => undefined);
    return filled;
  }

  close(): void {
    this.#fail('it is over');
  }

  #ask(wanted: Wanted): void {
    if (this.#failure !== null) {
      wanted.reject(this.#failure);
      return;
    }
    this.#wanted.push(wanted);
    this.#socket.send(encodeRequest(this.#requestOf(wanted)));
  }

  #requestOf(wanted: Wanted): TransferRequest {
    const { position } = this.#parts;
    if (position === null) return { kind: 'offer' };
    return wanted.kind === 'index'
      ? { kind: 'index', position }
      : { kind: 'range', position, number: wanted.number };
  }

  #push(parser: TransferParser, piece: Uint8Array): void {
    if (this.#failure !== null) return;
    this.#silence.refresh();
    try {
      parser.push(piece);
    } catch (error) {
      if (!(error instanceof FrameError || error instanceof StateTransferError)) throw error;
      this.#fail(error instanceof StateTransferError ? error.reason : error.message);
    }
  }

  #open({ kind, number, byteLength }: TransferFrame): Uint8Array {
    const [wanted] = this.#wanted;
    if (this.#failure !== null) throw this.#failure;
    const answers = kind === 'index' ? 'index' : 'range';
    const isAsked =
      wanted?.kind === answers && (wanted.kind === 'index' || wanted.number === number);
    if (kind !== 'later' && !isAsked) {
      throw new FrameError(`${kind} ${number} came: it was not asked for`);
    }
    if (kind !== 'range') return new Uint8Array(byteLength);
    const { section, begin, end } = this.#ranges[number] as Range;
    if (byteLength !== end - begin) {
      throw new FrameError(`range ${number} has ${byteLength} bytes: should be ${end - begin}`);
    }
    return this.#parts.into[section]?.bytes.subarray(begin, end) as Uint8Array;
  }

  #complete({ kind, number }: TransferFrame, payload: Uint8Array): void {
    if (kind === 'later') throw new StateTransferError(Buffer.from(payload).toString('utf8'));
    if (kind === 'changed') throw new StateTransferError('the state was changing');
    // What counts is what follows it.
    if (kind === 'range') return;
    const wanted = this.#wanted.shift();
    if (wanted?.kind === 'index') wanted.resolve(decodeIndex(payload));
    else if (wanted?.number === number) wanted.resolve();
  }

  #watch(): NodeJS.Timeout {
    return setTimeout(
      () => this.#fail(`it was silent for ${millis(holderSilence)} ms`),
      holderSilence,
    );
  }

  #fail(reason: string): void {
    if (this.#failure !== null) return;
    const failure = new StateTransferError(reason);
    this.#failure = failure;
    clearTimeout(this.#end);
    clearTimeout(this.#silence);
    this.#parts.signal.removeEventListener('abort', this.#giveUp);
    this.#socket.terminate();
    for (const { reject } of this.#wanted.splice(0)) reject(failure);
  }
}
