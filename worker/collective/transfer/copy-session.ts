import type { Position } from '../../../shared/membership/position.js';
import { StateAbsentError, StateTransferError } from '../errors.js';
import type { Copy } from '../frames/frame-parser.js';
import { FrameError } from '../frames/frames.js';
import type { IncomingSocket } from '../links/websocket/incoming-socket.js';
import { holderSilence } from './limits.js';
import { type Range, rangesOf } from './ranges.js';
import { decodeIndex, type StateIndex } from './state-index.js';
import type { StateSectionBytes, WantedState } from './state-transfer.js';
import {
  encodeRequest,
  type TransferFrame,
  TransferParser,
  type TransferRequest,
} from './transfer-frames.js';

export interface CopySessionParts {
  readonly address: string;
  readonly copy: Copy;
  readonly signal: AbortSignal;
}

/** What was asked for, in the order in which it is answered. */
type Asked =
  | {
      readonly kind: 'index';
      /** It is answered when the holder has something, however long that takes. */
      readonly isPatient: boolean;
      readonly resolve: (index: StateIndex) => void;
      readonly reject: (error: Error) => void;
    }
  | {
      readonly kind: 'range';
      readonly number: number;
      readonly resolve: () => void;
      readonly reject: (error: Error) => void;
    };

/** Where the ranges of a state go. */
interface Room {
  readonly position: Position;
  readonly into: readonly StateSectionBytes[];
  readonly ranges: readonly Range[];
}

/**
 * A copier's connection to one holder. It fails as a whole: after the first error every request has
 * been rejected, and nothing is written to the sections any more.
 */
export class CopySession {
  readonly #socket: IncomingSocket;
  readonly #parts: CopySessionParts;
  readonly #asked: Asked[] = [];
  readonly #giveUp = (): void => this.#fail(this.#error('it was given up'));
  /** Runs while the holder owes an answer. */
  #silence: NodeJS.Timeout | null = null;
  #room: Room | null = null;
  #failure: Error | null = null;

  constructor(socket: IncomingSocket, parts: CopySessionParts) {
    this.#socket = socket;
    this.#parts = parts;
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
      closed: (_code, how) => this.#fail(this.#error(how)),
    });
  }

  /** @throws StateAbsentError where the holder does not have it now. */
  index(wanted: WantedState): Promise<StateIndex> {
    return new Promise((resolve, reject) => {
      const isPatient = wanted.kind === 'next';
      this.#ask({ kind: 'index', isPatient, resolve, reject }, { kind: 'index', wanted });
    });
  }

  /** From now on ranges of the state of this position may be asked for. */
  fill(position: Position, into: readonly StateSectionBytes[]): void {
    this.#room = { position, into, ranges: rangesOf(into.map(({ bytes }) => bytes.byteLength)) };
  }

  /** Fills the range; its digest is for the caller to check. */
  range(number: number): Promise<void> {
    const { position } = this.#room as Room;
    const filled = new Promise<void>((resolve, reject) => {
      this.#ask({ kind: 'range', number, resolve, reject }, { kind: 'range', position, number });
    });
    // One that is asked for ahead may fail before anybody waits for it.
    filled.catch(() => undefined);
    return filled;
  }

  close(): void {
    this.#fail(this.#error('it is over'));
  }

  #ask(asked: Asked, request: TransferRequest): void {
    if (this.#failure !== null) {
      asked.reject(this.#failure);
      return;
    }
    this.#asked.push(asked);
    this.#watch();
    this.#socket.send(encodeRequest(request));
  }

  #push(parser: TransferParser, piece: Uint8Array): void {
    if (this.#failure !== null) return;
    this.#watch();
    try {
      parser.push(piece);
    } catch (error) {
      if (error instanceof FrameError) this.#fail(this.#error(error.message, { cause: error }));
      else throw error;
    }
  }

  #open({ kind, number, byteLength }: TransferFrame): Uint8Array {
    if (kind === 'later') return new Uint8Array(byteLength);
    const [asked] = this.#asked;
    const isAsked =
      kind === 'index'
        ? asked?.kind === 'index'
        : asked?.kind === 'range' && asked.number === number;
    if (!isAsked) throw new FrameError(`${kind} ${number} came: it was not asked for`);
    if (kind !== 'range') return new Uint8Array(byteLength);
    const { into, ranges } = this.#room as Room;
    const { section, begin, end } = ranges[number] as Range;
    // Once it has failed, what the rest of a piece holds goes nowhere.
    if (this.#failure !== null) return new Uint8Array(byteLength);
    if (byteLength !== end - begin) {
      throw new FrameError(`range ${number} has ${byteLength} bytes: should be ${end - begin}`);
    }
    return into[section]?.bytes.subarray(begin, end) as Uint8Array;
  }

  #complete({ kind }: TransferFrame, payload: Uint8Array): void {
    // What counts is what follows it.
    if (kind === 'range') return;
    if (kind === 'later' || kind === 'changed') {
      const reason = kind === 'later' ? Buffer.from(payload).toString('utf8') : 'it was changing';
      this.#fail(new StateAbsentError(`${this.#parts.address}: ${reason}`));
      return;
    }
    const asked = this.#asked.shift();
    this.#watch();
    if (asked?.kind === 'index') asked.resolve(decodeIndex(payload));
    else asked?.resolve();
  }

  #watch(): void {
    if (this.#silence !== null) clearTimeout(this.#silence);
    this.#silence = null;
    const [first] = this.#asked;
    if (first === undefined || this.#failure !== null) return;
    if (first.kind === 'index' && first.isPatient) return;
    const tooLong = () => this.#fail(this.#error(`it was silent for ${holderSilence} ms`));
    this.#silence = setTimeout(tooLong, holderSilence);
  }

  #error(reason: string, options?: ErrorOptions): StateTransferError {
    return new StateTransferError(`${this.#parts.address}: ${reason}`, options);
  }

  #fail(failure: Error): void {
    if (this.#failure !== null) return;
    this.#failure = failure;
    this.#watch();
    this.#parts.signal.removeEventListener('abort', this.#giveUp);
    this.#socket.terminate();
    for (const { reject } of this.#asked.splice(0)) reject(failure);
  }
}
