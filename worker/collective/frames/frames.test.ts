import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrameParser } from './frame-parser.js';
import {
  decodeHeader,
  encodeHeader,
  FrameError,
  type FrameHeader,
  headerBytes,
  maxPayloadBytes,
} from './frames.js';

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });

const header: fc.Arbitrary<FrameHeader> = fc
  .record({
    kind: fc.constantFrom('gather', 'reduce'),
    generation: u32,
    step: u32,
    part: u32,
    phase: fc.stringMatching(/^[a-z0-9-]{1,24}$/),
    node: u32,
    offset: fc.nat(2 ** 30),
    floats: fc.integer({ min: 1, max: 40 }),
    rest: fc.nat(1000),
  })
  .map(({ kind, generation, step, part, phase, node, offset, floats, rest }) => {
    const total = offset + floats + rest;
    const tag = { step, phase, part };
    return { kind, generation, tag, node, offset, byteLength: floats * 4, total } as FrameHeader;
  });

function encoded(value: FrameHeader): Uint8Array {
  const bytes = new Uint8Array(headerBytes);
  encodeHeader(value, bytes);
  return bytes;
}

// Would catch two fields that overlap, or one that is cut to fewer bits.
test('a header is read as it was written', () => {
  fc.assert(fc.property(header, (value) => assert.deepEqual(decodeHeader(encoded(value)), value)));
});

// Would catch an announced size that is believed before it is checked.
test('a header with any byte changed is refused with FrameError or read as another valid header', () => {
  fc.assert(
    fc.property(
      header,
      fc.nat(headerBytes - 1),
      fc.integer({ min: 1, max: 255 }),
      (value, at, by) => {
        const bytes = encoded(value);
        bytes[at] = ((bytes[at] as number) + by) % 256;
        try {
          const read = decodeHeader(bytes);
          assert.ok(read.byteLength <= maxPayloadBytes);
          assert.ok(read.offset + read.byteLength / 4 <= read.total);
          assert.deepEqual(encoded(read), bytes);
        } catch (error) {
          assert.ok(error instanceof FrameError, String(error));
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('a refused header names the field, its value and the rule', () => {
  const bytes = encoded({
    kind: 'gather',
    generation: 1 as FrameHeader['generation'],
    tag: { step: 2 as FrameHeader['tag']['step'], phase: 'a', part: 3 },
    node: 0,
    offset: 0,
    byteLength: maxPayloadBytes + 4,
    total: 2 ** 20,
  });
  assert.throws(
    () => decodeHeader(bytes),
    /Cannot read a frame: payload bytes is 1048580: should be a multiple of 4 in \[4, 1048576\]/,
  );
});

interface Seen {
  readonly header: FrameHeader;
  readonly payload: number[];
}

type Choice = 'target' | 'skip';

/** Feeds `stream` in pieces that end at `cuts`, and lets `choose` say where each payload goes. */
function parse(
  stream: Uint8Array,
  cuts: readonly number[],
  choose: (index: number) => Choice,
): Seen[] {
  const seen: Seen[] = [];
  let frames = 0;
  const parser = new FrameParser(
    {
      open: ({ byteLength }) => {
        return choose(frames++) === 'target' ? new Uint8Array(byteLength) : 'skip';
      },
      complete: (header, payload) => seen.push({ header, payload: [...payload] }),
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

// Would catch a parser that expects a frame to begin where a chunk of bytes begins.
test('frames are the same however their bytes are cut and wherever their payloads go', () => {
  const choices = ['target', 'skip'] as const;
  fc.assert(
    fc.property(
      fc.array(fc.tuple(header, fc.constantFrom(...choices)), { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(2000), { maxLength: 20 }),
      (frames, cuts) => {
        const payloads = frames.map(([{ byteLength }], i) =>
          Array.from({ length: byteLength }, (_, j) => (i * 31 + j) % 256),
        );
        const stream = Uint8Array.from(
          frames.flatMap(([value], i) => [...encoded(value), ...(payloads[i] as number[])]),
        );
        const inside = cuts.map((cut) => cut % (stream.length + 1));
        const seen = parse(stream, inside, (i) => frames[i]?.[1] as Choice);
        const expected = frames
          .map(([value], i) => ({ header: value, payload: payloads[i] }))
          .filter((_, i) => frames[i]?.[1] !== 'skip');
        assert.deepEqual(seen, expected);
      },
    ),
  );
});

test('a stream cut after every byte gives its frames', () => {
  const value = fc.sample(header, { numRuns: 1, seed: 3 })[0] as FrameHeader;
  const stream = Uint8Array.from([...encoded(value), ...new Array(value.byteLength).fill(7)]);
  const seen = parse(stream, [...stream.keys()], () => 'target');
  assert.deepEqual(seen, [{ header: value, payload: new Array(value.byteLength).fill(7) }]);
});

// Would catch an endless loop, an allocation of what noise announces, or another kind of error.
test('noise is refused with FrameError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: headerBytes, maxLength: 400 }), (noise) => {
      assert.throws(() => parse(noise, [], () => 'target'), FrameError);
    }),
  );
});
