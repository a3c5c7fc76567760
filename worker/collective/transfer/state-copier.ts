/**
 * Makes this process's sections equal to those of a holder, in the links thread. What it holds already
 * is not fetched: a copy that a lost holder has left half done goes on with the next one.
 */
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../../../shared/clock.js';
import { bytes, type Millis, millis } from '../../../shared/units.js';
import { StateTransferError } from '../errors.js';
import type { Copy } from '../frames/frame-parser.js';
import { dial } from '../links/handshake/dial.js';
import type { Trust } from '../links/handshake/trust.js';
import { CopySession } from './copy-session.js';
import { firstPause, lastPause, rangesAhead } from './limits.js';
import { differing, type Range, rangesOf } from './ranges.js';
import { digestOfRange, type StateIndex } from './state-index.js';
import type { Copied, CopyRequest, OfferRequest, StateOffer } from './state-transfer.js';

export interface CopierParts {
  readonly trust: Trust;
  readonly clock: Clock;
  readonly copy: Copy;
  /** See CopyRequest. */
  readonly onRange: () => void;
}

type Request = Omit<CopyRequest, 'signal' | 'onRange'>;

/** One attempt with one holder. */
type Attempt =
  | { readonly kind: 'copied'; readonly copied: Copied }
  | { readonly kind: 'later' | 'refused'; readonly reason: string };

/** @throws StateTransferError, as CopyRequest says. */
export async function copyState(
  parts: CopierParts,
  request: Request,
  signal: AbortSignal,
): Promise<Copied> {
  const until = millis(parts.clock.now() + request.deadline);
  const refused = new Set<string>();
  let [pause, reason] = [firstPause, 'it names no holder'];
  for (;;) {
    for (const holder of request.holders.filter((name) => !refused.has(name))) {
      if (signal.aborted) throw new StateTransferError('it was given up');
      const left = millis(until - parts.clock.now());
      const attempt = await copyFrom(holder, parts, request, left, signal);
      if (attempt.kind === 'copied') return attempt.copied;
      reason = `${holder}: ${attempt.reason}`;
      if (attempt.kind === 'refused') refused.add(holder);
    }
    if (signal.aborted) throw new StateTransferError('it was given up');
    const isHopeless = request.holders.every((holder) => refused.has(holder));
    if (isHopeless || parts.clock.now() + pause >= until) throw new StateTransferError(reason);
    await delay(pause, undefined, { signal }).catch(() => undefined);
    pause = millis(Math.min(lastPause, pause * 2));
  }
}

/** Asks one member what it would give now. */
export async function describeState(
  { trust, copy }: Omit<CopierParts, 'onRange'>,
  { holder, deadline: left }: OfferRequest,
  signal: AbortSignal,
): Promise<StateOffer> {
  const dialled = await dial(holder, { purpose: 'state' }, trust, left, signal);
  if (dialled.kind !== 'open') return { kind: 'unreachable', reason: dialled.reason };
  const session = new CopySession(dialled.socket, { position: null, into: [], copy, signal, left });
  try {
    const { position, header, sections } = await session.index();
    return { kind: 'offered', position, header: JSON.parse(header), sections };
  } catch (error) {
    if (error instanceof StateTransferError) return { kind: 'absent', reason: error.reason };
    throw error;
  } finally {
    session.close();
  }
}

async function copyFrom(
  holder: string,
  parts: CopierParts,
  request: Request,
  left: Millis,
  signal: AbortSignal,
): Promise<Attempt> {
  const dialled = await dial(holder, { purpose: 'state' }, parts.trust, left, signal);
  if (dialled.kind !== 'open') return dialled;
  const { position, into } = request;
  const session = new CopySession(dialled.socket, {
    position,
    into,
    copy: parts.copy,
    signal,
    left,
  });
  try {
    const index = await session.index();
    const difference = differenceOf(index, request);
    if (difference !== null) return { kind: 'refused', reason: difference };
    return {
      kind: 'copied',
      copied: await fetchAll(session, index, holder, request, parts, signal),
    };
  } catch (error) {
    if (error instanceof StateTransferError) return { kind: 'later', reason: error.reason };
    throw error;
  } finally {
    session.close();
  }
}

async function fetchAll(
  session: CopySession,
  index: StateIndex,
  holder: string,
  { into }: Request,
  { onRange }: CopierParts,
  signal: AbortSignal,
): Promise<Copied> {
  const ranges = rangesOf(into.map((section) => section.bytes.byteLength));
  const held: string[] = [];
  for (const range of ranges) {
    held.push(digestOfRange(into, range));
    onRange();
    await turn();
    if (signal.aborted) throw new StateTransferError('it was given up');
  }
  const wanted = differing(index.digests, held);
  const asked = wanted.slice(0, rangesAhead).map((number) => session.range(number));
  for (const [at, number] of wanted.entries()) {
    await asked[at];
    onRange();
    const next = wanted[at + rangesAhead];
    if (next !== undefined) asked.push(session.range(next));
    if (digestOfRange(into, ranges[number] as Range) !== index.digests[number]) {
      throw new StateTransferError(`range ${number} has another digest than the index says`);
    }
  }
  return {
    header: JSON.parse(index.header),
    holder,
    bytes: bytes(lengthOf(ranges)),
    fetched: bytes(lengthOf(wanted.map((number) => ranges[number] as Range))),
  };
}

const lengthOf = (ranges: readonly Range[]): number =>
  ranges.reduce((sum, { begin, end }) => sum + end - begin, 0);

/** Null where the holder's sections are those that wait for them. */
function differenceOf(
  { sections }: StateIndex,
  { into }: Pick<CopyRequest, 'into'>,
): string | null {
  const text = (all: readonly { name: string; bytes: number }[]): string =>
    all.map(({ name, bytes }) => `${name} (${bytes} bytes)`).join(', ');
  const wanted = text(into.map(({ name, bytes: own }) => ({ name, bytes: own.byteLength })));
  return text(sections) === wanted ? null : `it has ${text(sections)}: should be ${wanted}`;
}
