/** What a member says that gives its state away, and one that asks for it. */
import { createHash } from 'node:crypto';
import { FrameError } from '../../worker/collective/frames/frames.js';
import {
  decodeIndex,
  encodeIndex,
  type StateIndex,
} from '../../worker/collective/transfer/state-index.js';
import {
  decodeRequest,
  encodeFrame,
  encodeRequest,
  type TransferFrame,
  TransferParser,
  type TransferRequest,
} from '../../worker/collective/transfer/transfer-frames.js';
import { cut, inPieces } from '../pieces.js';
import { json, type Target } from '../target.js';
import { digestOf } from './examples.js';

const position = { committedSteps: 7, collapses: 1, settled: true };

const requests: readonly TransferRequest[] = [
  { kind: 'index', wanted: { kind: 'position', position } },
  { kind: 'index', wanted: { kind: 'checkpoint', committedSteps: 7 } },
  { kind: 'range', position, number: 3 },
];

const frames = Buffer.concat([
  encodeFrame({ kind: 'range', number: 1, byteLength: 4 }),
  Buffer.from('abcd'),
  encodeFrame({ kind: 'kept', number: 1, byteLength: 0 }),
  encodeFrame({ kind: 'later', number: 0, byteLength: 3 }),
  Buffer.from('no!'),
]);

const index: StateIndex = {
  position,
  header: '{"best":null}',
  sections: [
    { name: 'parameters', bytes: 16 },
    { name: 'empty', bytes: 0 },
  ],
  digests: [digestOf('a')],
};

/** With the digest of whatever it has become: else every change would be refused for that alone. */
const indexFormat = {
  open: (bytes: Uint8Array): unknown => (json.open(bytes) as { contents: unknown }).contents,
  close(contents: unknown): Uint8Array {
    const text = JSON.stringify(contents) ?? 'null';
    const digest = createHash('sha256').update(text).digest('hex');
    return json.close({ contents, digest });
  },
};

const isRefusal = (error: unknown): boolean => error instanceof FrameError;

/** Frames out of bytes that come in pieces of a size. */
function framesOf(bytes: Uint8Array, size: number): [TransferFrame, Uint8Array][] {
  const found: [TransferFrame, Uint8Array][] = [];
  const parser = new TransferParser(
    {
      // As a copier does: what it has not asked for is refused before memory is set aside.
      open(frame) {
        if (frame.byteLength > bytes.length) throw new FrameError('a frame is not asked for');
        return new Uint8Array(frame.byteLength);
      },
      complete: (frame, payload) => found.push([frame, payload.slice()]),
    },
    (into, from) => into.set(from),
  );
  for (const piece of cut(bytes, size)) parser.push(piece);
  return found;
}

export const transferTargets = (): Target[] => [
  {
    name: 'transfer-request',
    seeds: requests.map(encodeRequest),
    read: decodeRequest,
    isRefusal,
    write: (request) => encodeRequest(request as TransferRequest),
  },
  {
    name: 'transfer-frames',
    seeds: [frames],
    read: (bytes) => inPieces(bytes, (size) => framesOf(bytes, size)),
    isRefusal,
    write: (found) =>
      Buffer.concat(
        (found as [TransferFrame, Uint8Array][]).flatMap(([frame, payload]) => [
          encodeFrame(frame),
          payload.subarray(0, frame.byteLength),
        ]),
      ),
  },
  {
    name: 'state-index',
    seeds: [encodeIndex(index)],
    format: indexFormat,
    read: decodeIndex,
    isRefusal,
    write: (state) => encodeIndex(state as StateIndex),
  },
];
