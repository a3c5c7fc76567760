import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameError } from '../frames/frames.js';
import {
  decodeRequest,
  encodeFrame,
  encodeRequest,
  requestBytes,
  type TransferFrame,
  TransferParser,
  type TransferRequest,
} from './transfer-frames.js';

const u32 = fc.nat(2 ** 32 - 1);
const plain = { noNullPrototype: true };
const position = fc.record({ committedSteps: u32, collapses: u32, settled: fc.boolean() }, plain);
const request: fc.Arbitrary<TransferRequest> = fc.oneof(
  position.map((at) => ({ kind: 'index', wanted: { kind: 'position', position: at } }) as const),
  u32.map((committedSteps) => {
    return { kind: 'index', wanted: { kind: 'checkpoint', committedSteps } } as const;
  }),
  fc.constant({ kind: 'index', wanted: { kind: 'next' } } as const),
  fc.record({ kind: fc.constant('range' as const), position, number: u32 }, plain),
);

test('a request is read as it was written', () => {
  fc.assert(
    fc.property(request, (value) => assert.deepEqual(decodeRequest(encodeRequest(value)), value)),
  );
});

// Would catch a stranger to the protocol who makes the holder throw something that ends its thread.
test('noise is no request, and anything read is written again', () => {
  fc.assert(
    fc.property(
      request,
      fc.nat(requestBytes - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(requestBytes),
      (value, at, by, length) => {
        const bytes = encodeRequest(value);
        bytes[at] = ((bytes[at] as number) + by) % 256;
        try {
          assert.deepEqual(encodeRequest(decodeRequest(bytes)), bytes);
        } catch (error) {
          assert.ok(error instanceof FrameError, String(error));
        }
        if (length < requestBytes) {
          assert.throws(() => decodeRequest(bytes.subarray(0, length)), FrameError);
        }
      },
    ),
  );
});

const frame = fc
  .record({
    kind: fc.constantFrom('index', 'range', 'later', 'kept', 'changed'),
    number: u32,
    byteLength: fc.nat(40),
  })
  .map(({ kind, number, byteLength }): TransferFrame => {
    const isEmpty = kind === 'kept' || kind === 'changed';
    return { kind: kind as TransferFrame['kind'], number, byteLength: isEmpty ? 0 : byteLength };
  });

function parse(stream: Uint8Array, cuts: readonly number[]): [TransferFrame, number[]][] {
  const seen: [TransferFrame, number[]][] = [];
  const parser = new TransferParser(
    {
      open: ({ byteLength }) => new Uint8Array(byteLength),
      complete: (header, payload) => seen.push([header, [...payload]]),
    },
    (into, from) => into.set(from),
  );
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    parser.push(stream.subarray(at, cut));
    at = cut;
  }
  parser.push(stream.subarray(at));
  return seen;
}

// Would catch a frame without payload that swallows the next one, and headers that are cut.
test('frames are the same however their bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(400), { maxLength: 20 }),
      (frames, cuts) => {
        const payloads = frames.map(({ byteLength }, i) =>
          Array.from({ length: byteLength }, (_, j) => (i * 31 + j) % 256),
        );
        const stream = Uint8Array.from(
          frames.flatMap((value, i) => [...encodeFrame(value), ...(payloads[i] as number[])]),
        );
        const inside = cuts.map((cut) => cut % (stream.length + 1));
        assert.deepEqual(
          parse(stream, inside),
          frames.map((value, i) => [value, payloads[i]]),
        );
      },
    ),
  );
});

test('noise, and a payload above its limit, are refused with FrameError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), (noise) => {
      assert.throws(() => parse(noise, []), FrameError);
    }),
  );
  const long = encodeFrame({ kind: 'range', number: 0, byteLength: 4 * 2 ** 20 + 1 });
  assert.throws(() => parse(long, []), /range has 4194305 bytes: should be <= 4194304/);
  assert.throws(
    () => parse(encodeFrame({ kind: 'kept', number: 0, byteLength: 1 }), []),
    FrameError,
  );
});
