/** Random words of leaders, threads, links and clocks, in any order: what must never come of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exitCodes } from '../../../shared/exit-codes.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Position } from '../../../shared/membership/position.js';
import { millis } from '../../../shared/units.js';
import {
  copyStallLimit,
  leaderlessLimit,
  leaveLimit,
  linkLimit,
  readyLimit,
  warmUpLimit,
} from './limits.js';
import { next } from './next-situation.js';
import { at, fromState, hears, record, self } from './situation-fixture.js';
import type { Action, WorkerEvent } from './worker-event.js';
import { firstWorker, type Worker } from './worker-situation.js';

/** An event by what it is about: numbers are made to fit what the worker is doing half of the time. */
interface Draw {
  readonly what: number;
  readonly number: number;
  readonly fence: number;
  readonly members: readonly number[];
  readonly planned: boolean;
  readonly start: 'none' | 'seed' | 'state' | 'checkpoint';
  readonly steps: number;
  readonly fits: boolean;
  readonly passes: number;
}

const draws: fc.Arbitrary<Draw> = fc.record({
  what: fc.nat(17),
  number: fc.nat(6),
  fence: fc.nat(3),
  members: fc.subarray([0, 1, 2, 3]),
  planned: fc.boolean(),
  start: fc.constantFrom('none', 'seed', 'state', 'checkpoint'),
  steps: fc.nat(3),
  fits: fc.boolean(),
  passes: fc.constantFrom(0, 1, 100, 700, 11_000),
});

/** A generation is written once: nobody ever says it with other members, or with another start. */
type Said = Map<number, GenerationRecord>;

function sayOnce(said: Said, drawn: GenerationRecord): GenerationRecord {
  const before = said.get(drawn.generation);
  const { fence } = drawn;
  const of =
    before === undefined ? drawn : { ...before, fence, start: before.start ?? drawn.start };
  said.set(drawn.generation, of);
  return of;
}

function eventOf(
  draw: Draw,
  { known, situation }: Worker,
  newest: number,
  said: Said,
): WorkerEvent {
  const { number, steps, fits } = draw;
  const generation = fits ? (known.newest?.generation ?? 0) : number;
  const entered = fits ? (known.entered ?? 0) : number;
  const copy = fits ? known.copies : number;
  const position: Position = at(steps);
  const trouble = { worker: 'worker-0', how: 'closed', detail: '' } as const;
  switch (draw.what) {
    case 0:
      return { kind: 'run-found' };
    case 1:
      return { kind: 'opened' };
    case 2:
      return { kind: 'loaded', position };
    case 3:
      return { kind: 'linked', generation };
    case 4:
      return { kind: 'link-trouble', generation, trouble };
    case 5:
      return { kind: 'left', generation: entered, position };
    case 6:
      return { kind: 'copied', copy, position };
    case 7:
      return { kind: 'copy-failed', copy, early: fits, detail: '' };
    case 8:
      return { kind: 'finished', generation: entered, stopped: false };
    case 9:
      return { kind: 'woke', after: millis(3000) };
    case 10:
      return { kind: 'copy-moved', copy };
    case 11:
      return situation.kind === 'standing-by'
        ? { kind: 'tick' }
        : { kind: 'saved', isWritten: true };
    case 12:
      return { kind: 'looked' };
    case 13:
      return { kind: 'warmed' };
    default: {
      const start = {
        none: null,
        seed: { kind: 'seed' as const },
        state: fromState(position, ...draw.members),
        checkpoint: { kind: 'checkpoint' as const, committedSteps: steps, holders: [] as never },
      }[draw.start];
      const of = record(fits ? newest + (draw.number % 2) : number, draw.members, start, draw);
      return hears(sayOnce(said, of));
    }
  }
}

/** Follows a run of events, and says what is true after each. */
class Watch {
  worker = firstWorker(self, millis(0));
  now = millis(0);
  /** The generation that the thread is in, as its own words tell. */
  #inside: number | null = null;
  #entered = -1;
  /** The greatest number and fence that came from a leader who was not deposed. */
  #newest = 0;
  #fence = 0;
  readonly #said: Said = new Map();

  play(draw: Draw): void {
    if (this.worker.situation.kind === 'over') return;
    this.now = millis(this.now + draw.passes);
    const event = eventOf(draw, this.worker, this.#newest, this.#said);
    if (event.kind === 'left' && event.generation === this.#inside) this.#inside = null;
    if (event.kind === 'lead' && event.lead.fence >= this.#fence) {
      this.#fence = event.lead.fence;
      this.#newest = Math.max(this.#newest, event.lead.generation?.generation ?? 0);
    }
    const { worker, actions } = next(this.worker, event, this.now);
    this.worker = worker;
    for (const action of actions) this.#look(action);
    assert.equal(worker.known.fence, this.#fence);
  }

  #look(action: Action): void {
    if (action.kind === 'renew-permit') assert.equal(action.fence, this.#fence);
    if (action.kind === 'warm-up') {
      assert.equal(this.#inside, null, 'it warms up inside a generation');
      assert.equal(this.worker.known.position, null, 'it warms up with a state');
    }
    if (action.kind !== 'enter') return;
    const { generation } = action.record;
    assert.equal(this.#inside, null, `enters ${generation} while in ${this.#inside}`);
    assert.ok(generation > this.#entered, 'a generation is entered twice');
    assert.ok(generation >= this.#newest, 'it enters a generation that is older than one it knows');
    assert.ok(action.record.members.some(({ worker }) => worker === self.worker));
    this.#entered = generation;
    this.#inside = generation;
  }

  /** The clock runs while nobody but the leader speaks. */
  wait(long: number): string {
    this.now = millis(this.now + long);
    const { newest, fence } = this.worker.known;
    for (const event of [hears(newest, { fence }), { kind: 'tick' }] as const) {
      this.worker = next(this.worker, event, this.now).worker;
    }
    return this.worker.situation.kind;
  }
}

const runs = fc.array(draws, { maxLength: 60 });

// Would catch two generations at once, a way back to an older one, and the word of a deposed leader.
test('it is in one generation at a time, each newer than all before, and its fence only grows', () => {
  fc.assert(
    fc.property(runs, (run) => {
      const watch = new Watch();
      watch.worker = begun();
      for (const draw of run) watch.play(draw);
    }),
    { numRuns: 400 },
  );
});

// Would catch a copy, links or a thread that a worker waits for without an end.
test('whatever was heard, no wait outlives its limit', () => {
  const limits: Readonly<Record<string, number>> = {
    copying: copyStallLimit,
    linking: linkLimit + readyLimit,
    withdrawing: leaveLimit,
    fenced: leaveLimit,
    'warming-up': warmUpLimit,
  };
  fc.assert(
    fc.property(runs, (run) => {
      const watch = new Watch();
      watch.worker = begun();
      for (const draw of run) watch.play(draw);
      const before = watch.worker.situation;
      const limit = limits[before.kind];
      if (limit !== undefined) {
        watch.wait(limit);
        assert.notDeepEqual(watch.worker.situation, before);
      }
      watch.now = millis(watch.now + leaderlessLimit);
      watch.worker = next(watch.worker, { kind: 'tick' }, watch.now).worker;
      assert.equal(watch.worker.situation.kind, 'over');
    }),
    { numRuns: 300 },
  );
});

// Would catch a member whose peer is lost and that ends anywhere else than at a position.
test('a lost peer leads to a pause with a position, whatever came before', () => {
  fc.assert(
    fc.property(runs, fc.nat(9), (run, steps) => {
      const watch = new Watch();
      watch.worker = begun();
      for (const draw of run) watch.play(draw);
      if (watch.worker.situation.kind !== 'training') return;
      const { generation } = watch.worker.situation.record;
      const trouble = { worker: 'worker-0', how: 'closed', detail: '' } as const;
      const hear = (event: WorkerEvent): void => {
        watch.worker = next(watch.worker, event, watch.now).worker;
      };
      hear({ kind: 'link-trouble', generation, trouble });
      hear({ kind: 'left', generation, position: at(steps, false) });
      assert.ok(['paused', 'standing-by'].includes(watch.worker.situation.kind));
      assert.deepEqual(watch.worker.known.position, at(steps, false));
    }),
    { numRuns: 300 },
  );
});

// Would catch a draining worker that outlives its grace.
test('a worker that is asked to end is over within its grace', () => {
  fc.assert(
    fc.property(runs, runs, (before, after) => {
      const watch = new Watch();
      watch.worker = begun();
      for (const draw of before) watch.play(draw);
      watch.worker = next(watch.worker, { kind: 'drain' }, watch.now).worker;
      for (const draw of after) watch.play(draw);
      watch.now = millis(watch.now + self.grace);
      watch.worker = next(watch.worker, { kind: 'tick' }, watch.now).worker;
      const { situation } = watch.worker;
      assert.ok(situation.kind === 'over', situation.kind);
      assert.ok([exitCodes.stopped, exitCodes.lost].includes(situation.end.code as 5 | 4));
    }),
    { numRuns: 200 },
  );
});

function begun(): Worker {
  let worker = firstWorker(self, millis(0));
  for (const event of [{ kind: 'run-found' }, { kind: 'opened' }] as const) {
    worker = next(worker, event, millis(0)).worker;
  }
  return worker;
}
