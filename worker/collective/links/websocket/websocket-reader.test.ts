import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameError } from '../../frames/frames.js';
import { maskedFrame, WebSocketReader } from './websocket-reader.js';

const longestPayload = 70_000;

interface Message {
  readonly opcode: number;
  readonly isFinal: boolean;
  readonly payload: Uint8Array;
}

/** The sending half, written from RFC 6455, section 5.2, with the length in `bytes` bytes. */
function encode(
  { opcode, isFinal, payload }: Message,
  bytes = shortest(payload.length),
): Uint8Array {
  const header = new Uint8Array(2 + bytes);
  const view = new DataView(header.buffer);
  header[0] = (isFinal ? 0x80 : 0) | opcode;
  header[1] = bytes === 0 ? payload.length : bytes === 2 ? 126 : 127;
  if (bytes === 2) view.setUint16(2, payload.length);
  if (bytes === 8) view.setBigUint64(2, BigInt(payload.length));
  return Buffer.concat([header, payload]);
}

const shortest = (length: number): number => (length < 126 ? 0 : length < 65536 ? 2 : 8);

function read(stream: Uint8Array, cuts: readonly number[]): { data: Buffer; events: string[] } {
  const data: Uint8Array[] = [];
  const events: string[] = [];
  const reader = new WebSocketReader(
    {
      data: (piece) => data.push(Uint8Array.from(piece)),
      ping: (payload) => events.push(`ping ${Buffer.from(payload).toString('hex')}`),
      close: (code) => events.push(`close ${code}`),
    },
    longestPayload,
  );
  let at = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    reader.push(stream.subarray(at, cut));
    at = cut;
  }
  reader.push(stream.subarray(at));
  return { data: Buffer.concat(data), events };
}

const length = fc.oneof(fc.nat(200), fc.constantFrom(0, 125, 126, 65_535, 65_536));
const payload = length.map((n) => Uint8Array.from({ length: n }, (_, i) => i * 7 + n));

// Would catch a wrong length at 125, 126 or 65,536 bytes, and a header that is cut in the middle.
test('payloads come out in order, however messages are fragmented and bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          fragments: fc.array(payload, { minLength: 1, maxLength: 3 }),
          ping: fc.option(fc.uint8Array({ maxLength: 125 })),
        }),
        { maxLength: 4 },
      ),
      fc.array(fc.nat(), { maxLength: 12 }),
      (messages, cuts) => {
        const frames: Uint8Array[] = [];
        const events: string[] = [];
        for (const { fragments, ping } of messages) {
          fragments.forEach((fragment, i) => {
            const isFinal = i === fragments.length - 1;
            frames.push(encode({ opcode: i === 0 ? 2 : 0, isFinal, payload: fragment }));
            // Control frames may come between the fragments of a message.
            if (i > 0 || ping === null) return;
            frames.push(encode({ opcode: 9, isFinal: true, payload: ping }));
            events.push(`ping ${Buffer.from(ping).toString('hex')}`);
          });
        }
        frames.push(encode({ opcode: 8, isFinal: true, payload: Uint8Array.of(3, 232) }));
        const stream = Buffer.concat(frames);
        const result = read(
          stream,
          cuts.map((cut) => cut % (stream.length + 1)),
        );
        const expected = Buffer.concat(messages.flatMap(({ fragments }) => fragments));
        assert.ok(result.data.equals(expected));
        assert.deepEqual(result.events, [...events, 'close 1000']);
      },
    ),
    { numRuns: 60 },
  );
});

const empty = new Uint8Array(0);

for (const [what, bytes] of [
  ['a masked frame', Uint8Array.of(0x82, 0x80, 0, 0, 0, 0)],
  ['a compressed frame', Uint8Array.of(0xc2, 0)],
  ['text', encode({ opcode: 1, isFinal: true, payload: empty })],
  ['an unknown opcode', encode({ opcode: 11, isFinal: true, payload: empty })],
  ['a continuation of nothing', encode({ opcode: 0, isFinal: true, payload: empty })],
  ['a fragmented ping', encode({ opcode: 9, isFinal: false, payload: empty })],
  ['a long ping', encode({ opcode: 9, isFinal: true, payload: new Uint8Array(126) })],
  ['a payload above the limit', Uint8Array.of(0x82, 127, 0, 0, 0, 0, 0, 1, 0x11, 0x71)],
  ['a payload of 2^63 bytes', Uint8Array.of(0x82, 127, 128, 0, 0, 0, 0, 0, 0, 0)],
] as const) {
  // Would catch a peer that makes this side wait for, or set aside, what it only announces.
  test(`${what} is refused`, () => {
    assert.throws(() => read(bytes, []), FrameError);
  });
}

test('noise ends in FrameError or is waited out, and nothing comes after a close', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      try {
        assert.ok(read(noise, []).data.length <= noise.length);
      } catch (error) {
        assert.ok(error instanceof FrameError, String(error));
      }
    }),
    { numRuns: 1000 },
  );
  const close = encode({ opcode: 8, isFinal: true, payload: empty });
  const late = encode({ opcode: 2, isFinal: true, payload: Uint8Array.of(1) });
  assert.deepEqual(read(Buffer.concat([close, late]), []), {
    data: Buffer.alloc(0),
    events: ['close 1005'],
  });
});

// The masked "Hello" of RFC 6455, section 5.7, as a pong.
test('a control frame of a client is masked', () => {
  const frame = maskedFrame('pong', Buffer.from('Hello'), Uint8Array.of(0x37, 0xfa, 0x21, 0x3d));
  assert.equal(Buffer.from(frame).toString('hex'), '8a8537fa213d7f9f4d5158');
});
