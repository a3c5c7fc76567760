/**
 * Sizes beyond what one call, one hash or one typed array takes, without their memory: a file that is
 * one hole of 5 GiB, and a state that only counts.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeHeader, encodeHeader } from '../../shared/safetensors-header.js';
import { readPieces, withFile } from '../../storage/hashed-files.js';
import type { ByteRange } from '../../storage/pieces.js';
import type { StateLayout, StateSection, TrainingState } from '../state/training-state.js';
import { modelFile, optimizerFile, tensorsOf } from './checkpoint-folder.js';
import { fillTensors, locateTensors } from './read-tensors.js';
import { weightsDigest } from './weights-digest.js';
import { tensorPieces } from './write-tensors.js';

const gibibyte = 2 ** 30;
/** Of one parameter, in floats: 5 GiB, above 2^31 and 2^32 bytes. */
const size = (5 * gibibyte) / 4;
const layout: StateLayout = {
  entries: [{ name: 'embedding', shape: [size / 1024, 1024], offset: 16, size }],
  length: 16 + size,
  trainedLength: 16 + size,
};
const metadata = { format: 'pt', committed_steps: '1' };

/** Has no memory: lends zeros, and keeps which bytes were read and written. */
class CountedState implements TrainingState {
  readonly layout = layout;
  readonly readings: [StateSection, ByteRange][] = [];
  readonly writings: [StateSection, ByteRange][] = [];
  readonly #zeros = new Uint8Array(2 ** 23);

  async read(section: StateSection, range: ByteRange): Promise<Uint8Array> {
    this.readings.push([section, range]);
    return this.#zeros.subarray(0, range.end - range.begin);
  }

  async write(section: StateSection, begin: number, bytes: Uint8Array): Promise<void> {
    this.writings.push([section, { begin, end: begin + bytes.byteLength }]);
  }
}

/** Ranges that follow each other, as one. */
function joined(ranges: readonly [StateSection, ByteRange][]): [StateSection, ByteRange][] {
  const all: [StateSection, ByteRange][] = [];
  for (const [section, { begin, end }] of ranges) {
    const last = all.at(-1);
    if (last?.[0] === section && last[1].end === begin) {
      all[all.length - 1] = [section, { begin: last[1].begin, end }];
    } else all.push([section, { begin, end }]);
  }
  return all;
}

const whole: ByteRange = { begin: 64, end: 64 + 5 * gibibyte };

function assertLittleMemory(): void {
  const peak = process.resourceUsage().maxRSS * 1024;
  assert.ok(peak < 400 * 2 ** 20, `${peak} bytes of memory were used`);
}

// Catches: a file, a hash or an offset that ends at 2^31 or 2^32 bytes, and a file held in memory.
test('a checkpoint file of 5 GiB is read and hashed in a few MiB', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'lockstep-large-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, modelFile);
  const { entries } = layout;
  const types = entries.map(({ name, shape }) => [name, { dtype: 'F32', shape }] as const);
  const header = encodeHeader(types, metadata).bytes;
  const bytes = header.byteLength + 5 * gibibyte;
  await writeFile(path, header);
  await truncate(path, bytes);

  const state = new CountedState();
  const digest = await withFile(path, 'r', async (handle) => {
    const read = (range: ByteRange) => readPieces(handle, range);
    const located = await locateTensors(read, bytes, tensorsOf(modelFile, layout));
    return fillTensors(read, located, state);
  });
  // SHA-256 of header and zeros: computed by Python's hashlib.
  assert.deepEqual(digest, { bytes, sha256: fileDigest });
  assert.deepEqual(joined(state.writings), [['parameters', whole]]);
  assertLittleMemory();
});

const fileDigest = 'f44f68747aad574a8bd173227ed5f6a3cb5984ffab7e1d7c7909e9d7468b1227';

// Catches: tensors laid out with 32-bit offsets, and two moments of 5 GiB in one typed array.
test('a file of two moments of 5 GiB is written in pieces of a few MiB', async () => {
  const state = new CountedState();
  const tensors = tensorsOf(optimizerFile, layout);
  let bytes = 0;
  let header: Uint8Array | null = null;
  for await (const piece of tensorPieces(state, tensors, 1)) {
    header ??= piece;
    bytes += piece.byteLength;
  }
  assert.ok(header !== null);
  const spans = decodeHeader(header, bytes).tensors.map(({ name, begin, end }) => [
    name,
    begin,
    end,
  ]);
  assert.deepEqual(spans, [
    ['first_moment.embedding', 0, 5 * gibibyte],
    ['second_moment.embedding', 5 * gibibyte, 10 * gibibyte],
  ]);
  assert.deepEqual(joined(state.readings), [
    ['firstMoments', whole],
    ['secondMoments', whole],
  ]);
  assertLittleMemory();
});

// Catches: `update` of 2 GiB and more, which Node refuses ("data is too long").
test('a parameter of 2 GiB is digested', async () => {
  const entry = { name: 'embedding', shape: [2 ** 29], offset: 0, size: 2 ** 29 };
  const state = Object.assign(new CountedState(), {
    layout: { entries: [entry], length: entry.size },
  });
  // SHA-256 of 2 GiB of zeros: computed by Python's hashlib.
  assert.equal(await weightsDigest(state), weightsSha256);
});

const weightsSha256 = 'a7c744c13cc101ed66c29f672f92455547889cc586ce6d44fe76ae824958ea51';
