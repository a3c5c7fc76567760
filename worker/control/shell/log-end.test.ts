import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Bus, BusAwayError } from '../../../shared/bus.js';
import { MemoryHub } from '../../../shared/bus-memory.js';
import { encodeLogEntry, type Happening } from '../../../shared/messages/cluster/log-entry.js';
import { logStream, logSubject } from '../../../shared/subjects.js';
import { run } from './control-fixture.js';
import { readLogEnd } from './log-end.js';

const notice: Happening = { kind: 'notice', text: 'a word' };

const generation = (number: number, position: { committedSteps: number } | null): Happening => ({
  kind: 'generation',
  generation: number,
  planned: false,
  reason: 'a reason',
  members: [],
  writer: null,
  position: position === null ? null : { ...position, collapses: 0, settled: true },
  resumedFrom: null,
});

async function endOf(...entries: readonly Happening[]) {
  const bus = new MemoryHub().open();
  const log = await bus.ensureLog(logStream(run), logSubject(run));
  for (const entry of entries) {
    await log.append(encodeLogEntry({ fence: 1, time: 'now', entry }), await log.last());
  }
  return readLogEnd(bus, run, new AbortController().signal);
}

// Would catch an old member that takes a younger generation for one that never began, or the other way round.
test('the newest generation under way is found, also behind other words', async () => {
  assert.deepEqual(await endOf(), { over: null, generation: null });
  assert.deepEqual(await endOf(notice), { over: null, generation: null });
  const under = [
    generation(1, { committedSteps: 0 }),
    generation(2, { committedSteps: 3 }),
    notice,
  ];
  assert.deepEqual(await endOf(...under), { over: null, generation: 2 });
  assert.deepEqual(await endOf(...under, generation(3, null)), { over: null, generation: 2 });
});

test('an end is found, and a word behind it is none', async () => {
  const failed: Happening = {
    kind: 'failed',
    code: 'X',
    message: 'the loss is NaN',
    worker: null,
    committedSteps: 0,
  };
  const over = { kind: 'failed', reason: 'the loss is NaN' };
  assert.deepEqual(await endOf(notice, failed), { over, generation: null });
  assert.deepEqual(await endOf(failed, notice), { over: null, generation: null });
});

// Would catch a worker that waits for ever for entries that were removed while it asked for them, and never asks again.
test('a log of which nothing comes is given up, and its reader is closed', async () => {
  let closed = 0;
  const log = {
    last: async () => 3,
    read: async () => ({ ended: new Promise<null>(() => undefined), close: () => void closed++ }),
  };
  const bus = { openLog: async () => log } as unknown as Bus;
  const asking = new AbortController();
  const end = readLogEnd(bus, run, asking.signal);
  await new Promise((resolve) => setImmediate(resolve));
  asking.abort();
  await assert.rejects(end, BusAwayError);
  assert.equal(closed, 1);
});
