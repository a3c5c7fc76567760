/**
 * How floats travel: a header of 64 bytes, then the payload. Everything is little-endian.
 *
 *     0  u32  magic "LKST"            24  u32  offset: floats from the start of the slice
 *     4  u16  version                 28  u32  payload bytes, a multiple of 4
 *     6  u8   kind                    32  u32  total floats of the slice
 *     7  u8   length of the phase     36  u32  zero
 *     8  u32  generation              40  24 bytes phase, ASCII, padded with zeros
 *    12  u32  step
 *    16  u32  part
 *    20  u32  node of the reduction tree (0 in a gather)
 *
 * The parser is fed bytes as they come, in pieces of any size, and validates a header completely
 * before any memory is set aside for what the header announces.
 */
import type { Generation, Step } from '../../../shared/ids.js';
import { isPhase, maxPhaseLength, type Tag } from '../tag.js';

export const headerBytes = 64;

/** Large enough that per-message costs vanish, small enough that adding one does not delay others. */
export const maxPayloadBytes = 2 ** 20;

const magic = 0x54534b4c;
const version = 1;
const kinds = ['gather', 'reduce'] as const;

/** `gather`: part of a finished vector. `reduce`: a sum over some lanes, still to be added. */
export type FrameKind = (typeof kinds)[number];

export interface FrameHeader {
  readonly kind: FrameKind;
  readonly generation: Generation;
  readonly tag: Tag;
  readonly node: number;
  readonly offset: number;
  readonly byteLength: number;
  readonly total: number;
}

/** The bytes are no frame that this version sends; the link cannot be trusted any more. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  readonly code = 'FRAME_INVALID';

  constructor(problem: string, options?: ErrorOptions) {
    super(`Cannot read a frame: ${problem}`, options);
  }
}

/** @param into receives the 64 bytes of the header. */
export function encodeHeader(header: FrameHeader, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, headerBytes);
  const { phase, step, part } = header.tag;
  view.setUint32(0, magic, true);
  view.setUint16(4, version, true);
  view.setUint8(6, kinds.indexOf(header.kind) + 1);
  view.setUint8(7, phase.length);
  view.setUint32(8, header.generation, true);
  view.setUint32(12, step, true);
  view.setUint32(16, part, true);
  view.setUint32(20, header.node, true);
  view.setUint32(24, header.offset, true);
  view.setUint32(28, header.byteLength, true);
  view.setUint32(32, header.total, true);
  view.setUint32(36, 0, true);
  for (let i = 0; i < maxPhaseLength; i++) {
    into[40 + i] = i < phase.length ? phase.charCodeAt(i) : 0;
  }
}

/** @throws FrameError where any field is not what a peer of this version may send. */
export function decodeHeader(bytes: Uint8Array): FrameHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  const u32 = (at: number): number => view.getUint32(at, true);
  require(u32(0) === magic, 'magic', u32(0), magic);
  require(view.getUint16(4, true) === version, 'version', view.getUint16(4, true), version);
  const kind = kinds[view.getUint8(6) - 1];
  require(kind !== undefined, 'kind', view.getUint8(6), `1 to ${kinds.length}`);
  const byteLength = u32(28);
  require(byteLength > 0 &&
    byteLength % 4 === 0 &&
    byteLength <=
      maxPayloadBytes, 'payload bytes', byteLength, `a multiple of 4 in [4, ${maxPayloadBytes}]`);
  require(u32(24) + byteLength / 4 <= u32(32), 'end', u32(24) + byteLength / 4, `<= ${u32(32)}`);
  require(u32(36) === 0, 'reserved field', u32(36), 0);
  return {
    kind: kind as FrameKind,
    generation: u32(8) as Generation,
    tag: { step: u32(12) as Step, phase: phaseOf(bytes, view.getUint8(7)), part: u32(16) },
    node: u32(20),
    offset: u32(24),
    byteLength,
    total: u32(32),
  };
}

function phaseOf(bytes: Uint8Array, length: number): string {
  require(length <= maxPhaseLength, 'length of the phase', length, `at most ${maxPhaseLength}`);
  const phase = String.fromCharCode(...bytes.subarray(40, 40 + length));
  require(isPhase(phase), 'phase', JSON.stringify(phase), 'a-z, 0-9 and -');
  const padding = bytes.subarray(40 + length, headerBytes);
  require(padding.every((byte) => byte === 0), 'padding of the phase', 'not zero', 'zero');
  return phase;
}

function require(holds: boolean, field: string, is: number | string, should: number | string) {
  if (!holds) throw new FrameError(`${field} is ${is}: should be ${should}`);
}
