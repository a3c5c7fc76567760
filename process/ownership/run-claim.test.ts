/** Who is the run of a name, over a bus in memory, with a clock that the test turns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Bus } from '../../shared/bus.js';
import { MemoryHub } from '../../shared/bus-memory.js';
import { jobId, runId } from '../../shared/ids.js';
import { ownerLease, ownerWatchInterval } from '../../shared/limits.js';
import { decodeClaim, encodeClaim } from '../../shared/run/claim.js';
import type { Liveness, Owner } from '../../shared/run/owner.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import {
  claimKey,
  claimsBucket,
  everyPlanSubject,
  filesBucket,
  planStream,
} from '../../shared/subjects.js';
import { type Millis, millis } from '../../shared/units.js';
import { claimRun, RunLiveError, sweepRuns } from './run-claim.js';

const run = (id: string, job = 'movies'): RunAddress => ({ job: jobId(job), run: runId(id) });
const first = run('t1111111111111111');
const second = run('t2222222222222222');
const evaluation = run('e3333333333333333');

const owner = (pid: number): Owner => ({
  host: 'node-1',
  pid,
  boot: '0123456789ab',
  pidNamespace: '1',
  startTicks: '1',
});

interface Given {
  readonly bus: Bus;
  readonly liveness?: Liveness;
  readonly token?: string;
  /** What happens while the claimer waits, after so many looks. */
  readonly during?: (looks: number) => Promise<void>;
}

/** Options of a claim whose waiting takes no time. */
function as(address: RunAddress, pid: number, { bus, liveness = 'unknown', token, during }: Given) {
  let now = 0;
  let looks = 0;
  const notes: string[] = [];
  return {
    bus,
    run: address,
    token: token ?? null,
    owner: owner(pid),
    liveness: () => liveness,
    clock: { now: () => millis(now) },
    note: (text: string) => void notes.push(text),
    notes,
    waited: () => now,
    sleep: async (time: Millis) => {
      now += time;
      await during?.(++looks);
    },
  };
}

const holderOf = async (bus: Bus, address: RunAddress) => {
  const found = await (await bus.openValues(claimsBucket)).get(claimKey(address));
  return found === null ? null : decodeClaim(found.data);
};

// Would catch a second run of a name that trains into the first one's stream, and one that says only
// that it cannot start.
test('a second live run of a name is refused at once, naming the first', async () => {
  const bus = new MemoryHub().open();
  const held = await claimRun(as(first, 10, { bus }));
  const late = as(second, 20, { bus, liveness: 'alive' });
  await assert.rejects(claimRun(late), (error: unknown) => {
    assert.ok(error instanceof RunLiveError);
    assert.match(error.message, /"movies".*t1111111111111111 is live: pid 10 on node-1, since 2/);
    return true;
  });
  assert.equal(late.waited(), 0);
  assert.equal((await holderOf(bus, first))?.run, first.run);
  await held.release();
  assert.equal(await holderOf(bus, first), null);
  await (await claimRun(as(second, 20, { bus }))).release();
});

// Would catch names that block each other although they are different.
test('other names, and evaluations of the same one, are free', async () => {
  const bus = new MemoryHub().open();
  const others = [first, run('t1111111111111111', 'books'), evaluation, run('e4444444444444444')];
  const claims = await Promise.all(others.map((other) => claimRun(as(other, 1, { bus }))));
  await Promise.all(claims.map((claim) => claim.release()));
});

// Would catch a name that a killed run keeps for ever, and a wait for one that is known to be dead.
test('a dead run is succeeded: at once where that is proven, else after a lease', async () => {
  const bus = new MemoryHub().open();
  await claimRun(as(first, 10, { bus }));
  const next = as(second, 20, { bus, liveness: 'dead' });
  await claimRun(next);
  assert.equal(next.waited(), 0);
  const third = as(first, 30, { bus });
  const held = await claimRun(third);
  assert.equal(third.waited(), ownerLease);
  assert.match(
    third.notes.join('\n'),
    /^waiting to see whether a run of "movies" lives: .* pid 20 on/,
  );
  assert.equal((await holderOf(bus, first))?.owner.pid, 30);
  await held.release();
});

// Would catch a run in another container whose name is taken while it renews its claim.
test('one that renews while it is watched is refused', async () => {
  const bus = new MemoryHub().open();
  const held = await claimRun(as(first, 10, { bus }));
  const renew = async (): Promise<void> => {
    const values = await bus.openValues(claimsBucket);
    const found = await values.get(claimKey(first));
    await values.put(claimKey(first), found?.data as Uint8Array, found?.revision as number);
  };
  const late = as(second, 20, {
    bus,
    during: (looks) => (looks === 3 ? renew() : Promise.resolve()),
  });
  await assert.rejects(claimRun(late), RunLiveError);
  assert.equal(late.waited(), 3 * ownerWatchInterval);
  await held.release();
});

// Would catch a watcher that waits for one holder and takes the name from the next.
test('a holder that is replaced while it is watched is watched anew', async () => {
  const bus = new MemoryHub().open();
  await claimRun(as(first, 10, { bus }));
  const replace = async (): Promise<void> => {
    await claimRun(as(run('t4444444444444444'), 40, { bus, liveness: 'dead' }));
  };
  const late = as(second, 20, {
    bus,
    during: (looks) => (looks === 3 ? replace() : Promise.resolve()),
  });
  await claimRun(late);
  assert.equal(late.waited(), 3 * ownerWatchInterval + ownerLease);
});

// Would catch a coordinator that is refused because of the command that started it.
test('a process that is given the claim takes it over, and either gives it back', async () => {
  const bus = new MemoryHub().open();
  const command = await claimRun(as(first, 10, { bus, liveness: 'alive' }));
  const since = (await holderOf(bus, first))?.since;
  const given = as(first, 11, { bus, liveness: 'alive', token: command.token });
  await claimRun(given);
  const holder = await holderOf(bus, first);
  assert.deepEqual([holder?.owner.pid, holder?.since], [11, since]);
  await command.release();
  assert.equal(await holderOf(bus, first), null);
});

// Would catch a claim of another version, or a stranger's, that stops every later run.
test('a claim that cannot be read is succeeded after a lease', async () => {
  const bus = new MemoryHub().open();
  const values = await bus.openValues(claimsBucket);
  await values.put(claimKey(first), new TextEncoder().encode('{"run":7}'), 0);
  const late = as(second, 20, { bus });
  await claimRun(late);
  assert.equal(late.waited(), ownerLease);
});

/** Leaves a stream and a store, as a killed run does. */
async function leave(bus: Bus, address: RunAddress): Promise<void> {
  await bus.createStream(planStream(address), everyPlanSubject(address));
  await bus.openObjects(filesBucket(address));
}

const left = async (bus: Bus): Promise<string[]> => {
  const { streams, objects } = await bus.names();
  return [...streams, ...objects].sort();
};

// Would catch leftovers that fill a server, and a sweep that takes what another run lives on.
test('what dead runs of the name left is swept, and nothing of anyone else', async () => {
  const bus = new MemoryHub().open();
  const books = run('t5555555555555555', 'books');
  const alike = run('t6666666666666666', 'movies-two');
  const gone = run('e7777777777777777');
  for (const address of [first, second, books, alike, evaluation, gone]) await leave(bus, address);
  await claimRun(as(evaluation, 30, { bus }));
  const mine = as(second, 20, { bus });
  await claimRun(mine);
  const swept = [first, second, gone].flatMap((of) => [planStream(of), filesBucket(of)]);
  assert.deepEqual((await sweepRuns(mine)).sort(), swept.sort());
  const kept = [books, alike, evaluation].flatMap((of) => [planStream(of), filesBucket(of)]);
  assert.deepEqual(await left(bus), kept.sort());
});

// Would catch an evaluation that ends the training of its name.
test('an evaluation sweeps no training', async () => {
  const bus = new MemoryHub().open();
  await leave(bus, first);
  await claimRun(as(first, 10, { bus }));
  const mine = as(evaluation, 30, { bus, liveness: 'dead' });
  await claimRun(mine);
  assert.deepEqual(await sweepRuns(mine), []);
  assert.equal((await left(bus)).length, 2);
});

// Would catch a claim that another version of this one reads differently.
test('a claim reads back', () => {
  const claim = {
    run: first.run,
    token: 't',
    jobSha256: 'j',
    fence: 3,
    owner: owner(1),
    since: 's',
  };
  assert.deepEqual(decodeClaim(encodeClaim(claim)), claim);
});
