/**
 * Makes this process's sections equal to those of a holder, in the links thread. What it holds already
 * is not fetched: a copy that a lost holder has left half done goes on with the next one.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { StateTransferError } from '../errors.js';
import type { Copy } from '../frames/frame-parser.js';
import { dial } from '../links/handshake/dial.js';
import type { Trust } from '../links/handshake/trust.js';
import { CopySession } from './copy-session.js';
import { holderSilence, rangeBytes, rangesAhead } from './limits.js';
import { differing, type Range, rangesOf } from './ranges.js';
import { digestOfRange, type StateIndex } from './state-index.js';
import type { Copied, StateOffer, StateSectionBytes, WantedState } from './state-transfer.js';

export interface CopyParts {
  /** Of the holder's links. */
  readonly address: string;
  readonly wanted: WantedState;
  /** Where the state goes; asked for once, when the holder has said what it offers. */
  readonly room: (offer: StateOffer) => Promise<readonly StateSectionBytes[]>;
  /** A range is there, or was there already. */
  readonly onMoved: () => void;
  readonly trust: Trust;
  readonly copy: Copy;
  readonly signal: AbortSignal;
}

/**
 * One attempt with one holder. While it runs, and after it has failed, the sections hold neither state.
 *
 * @throws StateAbsentError where the holder does not have the state now; else StateTransferError
 */
export async function copyState(parts: CopyParts): Promise<Copied> {
  const { address, signal, trust, wanted } = parts;
  const dialled = await dial(address, { purpose: 'state' }, trust, holderSilence, signal);
  if (dialled.kind !== 'open') throw new StateTransferError(`${address}: ${dialled.reason}`);
  const session = new CopySession(dialled.socket, { address, copy: parts.copy, signal });
  try {
    const index = await session.index(wanted);
    const { position, header } = index;
    const into = await parts.room({ position, header });
    if (signal.aborted) throw new StateTransferError(`${address}: it was given up`);
    requireSame(address, index, into);
    session.fill(position, into);
    return { position, header, fetched: await fetchAll(session, index, into, parts) };
  } finally {
    session.close();
  }
}

async function fetchAll(
  session: CopySession,
  index: StateIndex,
  into: readonly StateSectionBytes[],
  { address, onMoved, signal }: CopyParts,
): Promise<number> {
  const ranges = rangesOf(into.map((section) => section.bytes.byteLength));
  const held: string[] = [];
  for (const range of ranges) {
    held.push(digestOfHeld(into, range));
    onMoved();
    await turn();
    if (signal.aborted) throw new StateTransferError(`${address}: it was given up`);
  }
  const missing = differing(index.digests, held);
  const asked = missing.slice(0, rangesAhead).map((number) => session.range(number));
  let fetched = 0;
  for (const [at, number] of missing.entries()) {
    await asked[at];
    const next = missing[at + rangesAhead];
    if (next !== undefined) asked.push(session.range(next));
    const range = ranges[number] as Range;
    if (digestOfRange(into, range) !== index.digests[number]) {
      throw new StateTransferError(`${address}: range ${number} has not the digest of its index`);
    }
    fetched += range.end - range.begin;
    onMoved();
  }
  return fetched;
}

const zeros = new Uint8Array(rangeBytes);

/** Empty for a range of nothing but zeros: whoever comes for the first time has nothing to compare. */
function digestOfHeld(sections: readonly StateSectionBytes[], range: Range): string {
  const { begin, end, section } = range;
  const bytes = sections[section]?.bytes.subarray(begin, end) as Uint8Array;
  return Buffer.compare(bytes, zeros.subarray(0, bytes.byteLength)) === 0
    ? ''
    : digestOfRange(sections, range);
}

/** @throws StateTransferError unless the holder's sections are those that wait for them. */
function requireSame(
  address: string,
  { sections }: StateIndex,
  into: readonly StateSectionBytes[],
): void {
  const text = (all: readonly { name: string; bytes: number }[]): string =>
    all.map(({ name, bytes }) => `${name} (${bytes} bytes)`).join(', ');
  const wanted = text(into.map(({ name, bytes }) => ({ name, bytes: bytes.byteLength })));
  if (text(sections) === wanted) return;
  throw new StateTransferError(`${address} has ${text(sections)}: should be ${wanted}`);
}
