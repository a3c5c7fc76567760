import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BusAwayError, type BusValues } from '../../../shared/bus.js';
import { MemoryHub } from '../../../shared/bus-memory.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import { run } from '../../run-fixture.js';
import { RecordKeeper } from './record-keeper.js';

const record = (generation: number, fence: number, reason = 'r'): GenerationRecord => ({
  generation: generation as GenerationRecord['generation'],
  fence,
  planned: false,
  reason,
  members: [],
  writer: null,
  start: null,
});
const open = () => new MemoryHub().open().openValues('values');

// Would catch a deposed leader whose generation replaces the one of its successor.
test('from the takeover on, the old leader can write nothing', async () => {
  const values = await open();
  const [old, young] = [new RecordKeeper(values, run, 1), new RecordKeeper(values, run, 2)];
  assert.deepEqual(await old.takeOver(), { record: null });
  assert.equal((await old.write(record(1, 1))).kind, 'written');
  assert.deepEqual(await young.takeOver(), { record: record(1, 2) });
  assert.equal((await old.write(record(2, 1))).kind, 'deposed');
  assert.equal((await young.write(record(2, 2))).kind, 'written');
  assert.equal(await old.takeOver(), null);
});

/** Stores, and loses the answer as often. */
function losing(values: BusValues, answers: number): BusValues {
  let left = answers;
  return {
    get: (key) => values.get(key),
    remove: (key, revision) => values.remove(key, revision),
    watch: (key, handler) => values.watch(key, handler),
    put: async (key, data, revision) => {
      const stored = await values.put(key, data, revision);
      if (left-- > 0) throw new BusAwayError('away');
      return stored;
    },
  };
}

// Would catch a leader that deposes itself, writes two generations of one number, or takes its own for another
// because its fields stand in another order.
test('an own generation whose answer was lost is recognized', async () => {
  const keeper = new RecordKeeper(losing(await open(), 1), run, 1);
  assert.equal((await keeper.write(record(1, 1))).kind, 'unknown');
  const { fence, ...rest } = record(1, 1);
  assert.equal((await keeper.write({ ...rest, fence })).kind, 'written');
  const other = new RecordKeeper(losing(await open(), 1), run, 1);
  await other.write(record(1, 1, 'first'));
  assert.deepEqual(await other.write(record(1, 1, 'second')), {
    kind: 'other',
    record: record(1, 1, 'first'),
  });
  assert.equal((await other.write(record(2, 1))).kind, 'written');
});
