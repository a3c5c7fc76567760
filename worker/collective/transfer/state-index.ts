/** What a state consists of, as its holder describes it: sections, and a digest of every range. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { stateHeaderBytes } from '../../../shared/limits.js';
import { position } from '../../../shared/membership/position.js';
import { FrameError } from '../frames/frames.js';
import { indexBytes, rangeBytes, sectionNameLength, sectionsMax } from './limits.js';
import type { rangesOf } from './ranges.js';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const contents = z.strictObject({
  position,
  /** Opaque. */
  header: z.string().max(stateHeaderBytes),
  sections: z
    .array(
      z.strictObject({ name: z.string().min(1).max(sectionNameLength), bytes: z.int().min(0) }),
    )
    .max(sectionsMax),
  /** By number of the range. */
  digests: z.array(sha256),
});

const index = z.strictObject({ contents, digest: sha256 });

export type StateIndex = Readonly<z.infer<typeof contents>>;

/** Covers all ranges by their digests, and what describes them. */
const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** @throws RangeError where the state is larger than an index can say. */
export function encodeIndex(state: StateIndex): Buffer {
  if (state.header.length > stateHeaderBytes) {
    throw new RangeError(
      `Cannot give a state away: its header has ${state.header.length} characters: ` +
        `should be <= ${stateHeaderBytes}`,
    );
  }
  const digest = digestOf(JSON.stringify(state));
  const encoded = Buffer.from(JSON.stringify({ contents: state, digest }));
  if (encoded.length <= indexBytes) return encoded;
  throw new RangeError(
    `Cannot give a state away: its index has ${encoded.length} bytes: should be <= ${indexBytes}`,
  );
}

/** @throws FrameError for bytes that are no index of this version. */
export function decodeIndex(data: Uint8Array): StateIndex {
  if (data.byteLength > indexBytes) {
    throw new FrameError(`an index has ${data.byteLength} bytes: should be <= ${indexBytes}`);
  }
  const read = index.safeParse(parse(data));
  if (!read.success)
    throw new FrameError(`an index is malformed: ${read.error.issues[0]?.message}`);
  const { contents: state, digest } = read.data;
  const lengths = state.sections.map(({ bytes }) => bytes);
  const expected = lengths.reduce((sum, length) => sum + Math.ceil(length / rangeBytes), 0);
  if (state.digests.length !== expected) {
    throw new FrameError(`an index has ${state.digests.length} digests: should be ${expected}`);
  }
  if (digestOf(JSON.stringify(state)) !== digest) {
    throw new FrameError('an index is damaged: its digest is another one');
  }
  return state;
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(data).toString('utf8'));
  } catch (error) {
    throw new FrameError('an index is no JSON', { cause: error });
  }
}

/** Of one range of these sections. */
export function digestOfRange(
  sections: readonly { readonly bytes: Uint8Array }[],
  { section, begin, end }: ReturnType<typeof rangesOf>[number],
): string {
  const bytes = sections[section]?.bytes.subarray(begin, end) as Uint8Array;
  return createHash('sha256').update(bytes).digest('hex');
}
