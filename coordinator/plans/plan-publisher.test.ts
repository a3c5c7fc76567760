import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BusAwayError, type BusStream } from '../../shared/bus.js';
import { MemoryHub } from '../../shared/bus-memory.js';
import { jobId, runId, type Step, step, workerId } from '../../shared/ids.js';
import { planLead } from '../../shared/limits.js';
import { everyPlanSubject, planMessageId, planStream, planSubject } from '../../shared/subjects.js';
import { bytes, millis } from '../../shared/units.js';
import { CoordinatorMetrics } from '../metrics.js';
import { emptyPlan } from '../run-fixture.js';
import { planRetryInterval } from './limits.js';
import { PlanPublisher } from './plan-publisher.js';
import { PlanForgedError } from './published-plans.js';

const run = { job: jobId('test'), run: runId('t0123456789abcdef') };

/** As many turns of the queue of promises. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await null;
}

/** Until nothing is left in the queue of promises. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Delays {
  /** Turns that a plan, a publication and a purge take. */
  readonly plan: number;
  readonly publish: number;
  readonly purge: number;
}

const none: Delays = { plan: 0, publish: 0, purge: 0 };

/** A publisher on the bus in memory, whose work takes as many turns as the test wants. */
async function open(
  totalSteps: number,
  delays: Delays = none,
  { isFirst = true, furthestSteps = 0 } = {},
) {
  const bus = new MemoryHub().open();
  const memory = await bus.createStream(planStream(run), everyPlanSubject(run));
  /** `publish 3`, `purge 0`: by steps, each once. */
  const done: string[] = [];
  const errors: Error[] = [];
  /** What a test sets: the time, and how many of the next answers are lost. */
  const world = { now: 0, lost: 0 };
  const stream: BusStream = {
    read: (...all) => memory.read(...all),
    remove: () => memory.remove(),
    async publish(subject, data, id) {
      await turns(delays.publish);
      if (subject.endsWith('.shared')) done.push(`publish ${subject.split('.').at(-2)}`);
      const stored = await memory.publish(subject, data, id);
      if (world.lost > 0 && world.lost-- > 0) throw new BusAwayError('no answer came');
      return stored;
    },
    async purge(filter) {
      await turns(delays.purge);
      done.push(`purge ${filter.split('.').at(-2)}`);
      return memory.purge(filter);
    },
  };
  const publisher = new PlanPublisher({
    stream,
    run,
    clock: { now: () => millis(world.now) },
    metrics: new CoordinatorMetrics(run.job),
    maxPayload: bytes(100_000),
    fence: isFirst ? 1 : 3,
    isFirst,
    plans: {
      async plan(at: Step) {
        await turns(delays.plan);
        return emptyPlan(at, 1);
      },
      close: async () => undefined,
    },
    firstStep: 0,
    furthestSteps,
    totalSteps,
    usualStep: () => null,
    onFailure: (error) => errors.push(error),
  });
  return { publisher, memory, done, errors, world };
}

const all = (what: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => `${what} ${at}`);

// Would catch a commit that comes between the last look at the cursors and the end of the work: the
// plan it makes room for would never be published, and the job would stand still for ever.
test('a commit that comes any number of turns after the last work is seen', async () => {
  for (let wait = 0; wait < 60; wait++) {
    const { publisher, done } = await open(planLead + 1);
    publisher.begin();
    await turns(wait);
    publisher.committed(1);
    await settle();
    assert.deepEqual(done, all('publish', planLead + 1), `${wait} turns`);
  }
});

// Would catch a publisher that waits for a connection that never went away: with all plans before the
// lost answer used up no commit wakes it, and the job stands still for ever.
test('where an answer is lost over a connection that stands, the plan is published again', async () => {
  const { publisher, done, errors, world } = await open(3);
  world.lost = 1;
  publisher.begin();
  await settle();
  world.now = planRetryInterval - 1;
  publisher.tick();
  await settle();
  assert.deepEqual(done, ['publish 0']);
  world.now++;
  publisher.tick();
  await settle();
  assert.deepEqual(done, ['publish 0', ...all('publish', 3)]);
  assert.equal(publisher.publishedSteps, 3);
  assert.deepEqual(errors, []);
});

/** What the coordinator may tell its publisher, and after how many turns. */
const events = fc.array(
  fc.record({ turns: fc.nat(14), kind: fc.constantFrom('commit' as const, 'checkpoint' as const) }),
  { maxLength: 30 },
);
const delays = fc.record({ plan: fc.nat(9), publish: fc.nat(9), purge: fc.nat(9) });

// Would catch any order of events in which a plan is lost, published twice or out of order, or in
// which what is over stays in the stream.
test('whatever comes in between, every plan is published once, in order, and purged once', () =>
  fc.assert(
    fc.asyncProperty(events, delays, fc.nat(25), async (script, taking, totalSteps) => {
      const { publisher, done, errors } = await open(totalSteps, taking);
      let committed = 0;
      let checkpointed = 0;
      publisher.begin();
      for (const event of script) {
        await turns(event.turns);
        // A member commits what it has a plan of, and writes what it has committed.
        if (event.kind === 'checkpoint') {
          checkpointed = committed;
          publisher.checkpointed(checkpointed);
        } else if (committed < publisher.publishedSteps) publisher.committed(++committed);
      }
      await settle();
      const published = Math.min(totalSteps, committed + planLead);
      const kept = done.filter((entry) => entry.startsWith('publish'));
      assert.deepEqual(kept, all('publish', published));
      assert.deepEqual(
        done.filter((entry) => entry.startsWith('purge')),
        all('purge', checkpointed),
      );
      assert.equal(publisher.publishedSteps, published);
      assert.deepEqual(errors, []);
    }),
    { numRuns: 300 },
  ));

// Would catch two loops that publish one step twice, and one that works on after its end.
test('beginning twice begins one loop, and closing ends it wherever it is', async () => {
  for (let wait = 0; wait < 40; wait++) {
    const { publisher, done, errors, memory } = await open(4, { plan: 3, publish: 3, purge: 3 });
    publisher.begin();
    publisher.begin();
    await turns(wait);
    publisher.close();
    await memory.remove();
    const before = done.length;
    await settle();
    assert.equal(new Set(done).size, done.length);
    assert.ok(done.length <= before + 1);
    publisher.begin();
    publisher.committed(1);
    await settle();
    assert.ok(done.length <= before + 1);
    assert.deepEqual(errors, []);
  }
});

// Would catch a forged plan, stored ahead of ours under its message id: the server takes ours for
// a repetition, and members train on the other one.
test('a plan that somebody stored first ends publishing', async () => {
  const { publisher, memory, errors } = await open(20);
  const subject = planSubject(run, step(2), 'shared');
  await memory.publish(subject, Uint8Array.of(1), planMessageId(run, step(2), 'shared', 0));
  publisher.begin();
  await settle();
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof PlanForgedError);
  assert.match(errors[0].message, /step 2: .*plan\.2\.shared/);
});

// Would catch a run that stands still for ever: it went back to an older checkpoint under the leader before,
// whose plans of later steps were removed, and the server takes ours for repetitions of those.
test('a later leader publishes what the one before has published, though it was removed since', async () => {
  const { publisher, memory, errors } = await open(4, none, { isFirst: false });
  const subject = planSubject(run, step(2), 'shared');
  await memory.publish(subject, Uint8Array.of(1), planMessageId(run, step(2), 'shared', 0));
  assert.equal(await memory.purge(subject), 1);
  publisher.begin();
  await settle();
  assert.deepEqual(errors, []);
  assert.equal(await memory.purge(subject), 1);
});

// Would catch a pause that says where the run stands, and a run that trains past it: from an older
// checkpoint members read on in what was published before, by whichever leader.
test('what may be trained without any further word reaches as far behind a rewind as before it', async () => {
  const { publisher } = await open(20);
  publisher.begin();
  publisher.committed(4);
  await settle();
  assert.equal(publisher.reach, 4 + planLead);
  publisher.restart(1);
  assert.equal(publisher.reach, 4 + planLead);
  const later = await open(20, none, { isFirst: false, furthestSteps: 4 });
  assert.equal(later.publisher.reach, 4 + planLead);
});

// Would catch a member that is compared with a plan of another step, or with nothing.
test('what a member trained on is compared with what was published', async () => {
  const { publisher } = await open(20);
  publisher.begin();
  await settle();
  const member = workerId('worker-0');
  publisher.check(member, 3, emptyPlan(3, 1).shared.sha256);
  const wrong = emptyPlan(4, 1).shared.sha256;
  assert.throws(() => publisher.check(member, 3, wrong), PlanForgedError);
  assert.throws(() => publisher.check(member, 15, wrong), /step 15: .* none has been published/);
});
