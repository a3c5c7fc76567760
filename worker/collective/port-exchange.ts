import { performance } from 'node:perf_hooks';
import type { MessagePort } from 'node:worker_threads';
import type { Rank } from '../../shared/ids.js';
import type { LaneShares } from '../../shared/plan/lane-ownership.js';
import { lanesBelow, nodeOf } from '../../shared/reduction/reduction-tree.js';
import { type Millis, millis } from '../../shared/units.js';
import { ExchangeAbortedError, fromMessage } from './errors.js';
import { type Contributions, type Exchange, firstOf } from './exchange.js';
import type { FromExchange, ToExchange } from './links/links-messages.js';
import type { Slice } from './schedule.js';
import { isPhase, type Tag, tagKey } from './tag.js';

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Orders operations from the links thread and waits for their end. */
export class PortExchange implements Exchange {
  readonly rank: Rank;
  readonly size: number;
  readonly shares: LaneShares;
  readonly #port: MessagePort;
  readonly #pending = new Map<number, Pending>();
  /** Where a member without lanes finishes its slices, by phase and part. */
  readonly #scratch = new Map<string, Float32Array>();
  #operations = 0;
  #waited = 0;
  #idleAtStart = 0;
  /** Why nothing can be exchanged any more. */
  #over: Error | null = null;

  constructor(port: MessagePort, rank: Rank, shares: LaneShares) {
    this.#port = port;
    this.rank = rank;
    this.shares = shares;
    this.size = shares.members;
    port.on('message', (message: FromExchange) => {
      if (message.kind === 'over') this.#end(fromMessage(message.error));
      else this.#finish(message);
    });
    port.on('close', () => this.#end(new ExchangeAbortedError('the links thread has ended')));
    port.unref();
  }

  async allGather(tag: Tag, parts: readonly Float32Array[]): Promise<void> {
    requireTag(tag);
    if (parts.length !== this.size) {
      throw new RangeError(
        `Cannot gather ${tagKey(tag)}: ${parts.length} parts: should be ${this.size}, one a member`,
      );
    }
    parts.forEach(requireShared);
    await this.#order((id) => ({ kind: 'gather', id, tag, parts }));
  }

  async reduceScatter(
    tag: Tag,
    contributions: Contributions,
    slices: readonly Slice[],
  ): Promise<Float32Array> {
    const { start, end } = this.#checkReduce(tag, contributions, slices);
    const first = firstOf(contributions);
    const scratch = first === undefined ? this.#scratchFor(tag, end - start) : noFloats;
    await this.#order((id) => ({
      kind: 'reduce',
      id,
      tag,
      shares: this.shares.counts,
      slices,
      contributions,
      scratch,
    }));
    return first?.subarray(start, end) ?? scratch;
  }

  async allReduce(
    tag: Tag,
    contributions: Contributions,
    slices: readonly Slice[],
    into: Float32Array,
  ): Promise<void> {
    this.#checkReduce(tag, contributions, slices);
    requireShared(into);
    await this.#order((id) => ({
      kind: 'all-reduce',
      id,
      tag,
      shares: this.shares.counts,
      slices,
      contributions,
      scratch: noFloats,
      into,
    }));
  }

  abort(reason: string): void {
    if (this.#over !== null) return;
    this.#port.postMessage({ kind: 'abort', reason } satisfies ToExchange);
  }

  close(): void {
    this.#end(new ExchangeAbortedError('it was closed'));
    this.#port.close();
  }

  waited(): Millis {
    const running = this.#pending.size > 0 ? idleMillis() - this.#idleAtStart : 0;
    return millis(this.#waited + running);
  }

  #order(message: (id: number) => ToExchange): Promise<void> {
    const id = this.#operations++;
    return new Promise((resolve, reject) => {
      if (this.#over !== null) return reject(this.#over);
      if (this.#pending.size === 0) {
        this.#idleAtStart = idleMillis();
        this.#port.ref();
      }
      this.#pending.set(id, { resolve, reject });
      this.#port.postMessage(message(id));
    });
  }

  #finish({ id, error }: Extract<FromExchange, { kind: 'done' }>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    if (this.#pending.size === 0) {
      this.#waited += idleMillis() - this.#idleAtStart;
      this.#port.unref();
    }
    if (error === null) pending.resolve();
    else pending.reject(fromMessage(error));
  }

  #end(error: Error): void {
    if (this.#over !== null) return;
    this.#over = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #checkReduce(tag: Tag, contributions: Contributions, slices: readonly Slice[]): Slice {
    requireTag(tag);
    const { lanes } = this.shares;
    const run = this.shares.run(this.rank);
    const given = [...contributions.keys()].map((number) => lanesBelow(nodeOf(number), lanes));
    // Each begins where the one before ends, from the first own lane to the last.
    const edges = [run.start, ...given.map(({ end }) => end)];
    const inOrder = given.every(({ start, end }, index) => start === edges[index] && start < end);
    if (!inOrder || edges.at(-1) !== run.end) {
      const named = given.map(({ start, end }) => `${start}..${end}`).join(', ');
      throw new RangeError(
        `Cannot reduce ${tagKey(tag)}: lanes ${named} contribute: ` +
          `should be ${run.start}..${run.end} (exclusive)`,
      );
    }
    if (slices.length !== this.size) {
      throw new RangeError(
        `Cannot reduce ${tagKey(tag)}: ${slices.length} slices: should be ${this.size}, one a member`,
      );
    }
    for (const vector of contributions.values()) requireShared(vector);
    return slices[this.rank] as Slice;
  }

  #scratchFor({ phase, part }: Tag, length: number): Float32Array {
    const key = `${phase}/${part}`;
    const kept = this.#scratch.get(key);
    if (kept !== undefined && kept.length >= length) return kept.subarray(0, length);
    const made = new Float32Array(new SharedArrayBuffer(length * 4));
    this.#scratch.set(key, made);
    return made;
  }
}

const noFloats = new Float32Array(new SharedArrayBuffer(0));

/** How long this thread's event loop has had nothing to do: time in native code does not count. */
const idleMillis = (): number => performance.eventLoopUtilization().idle;

function requireTag(tag: Tag): void {
  if (!isPhase(tag.phase)) {
    throw new RangeError(
      `Cannot exchange: the phase is ${JSON.stringify(tag.phase)}: should be 1 to 24 of a-z, 0-9 and -`,
    );
  }
}

function requireShared(vector: Float32Array): void {
  if (vector.buffer instanceof SharedArrayBuffer) return;
  throw new TypeError(
    `Cannot exchange ${vector.length} floats: they lie in this thread's own memory: ` +
      'should be a view of a SharedArrayBuffer',
  );
}
