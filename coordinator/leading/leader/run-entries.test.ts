import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generation, workerId } from '../../../shared/ids.js';
import type {
  GenerationRecord,
  GenerationStart,
} from '../../../shared/membership/generation-record.js';
import { emptyRun, foldHappening } from '../../record/run-state.js';
import { generationEntry, unloggedStart } from './run-entries.js';

const worker = workerId('worker-0');
const member = { worker, incarnation: '0123456789abcdef', address: '127.0.0.1:1', lanes: 4 };

const record = (start: GenerationStart | null): GenerationRecord => ({
  generation: generation(3),
  fence: 2,
  planned: false,
  reason: 'a reason',
  members: [member],
  writer: worker,
  start,
});

const position = { committedSteps: 6, collapses: 1, settled: true };
const fromState = record({ kind: 'state', position, holders: [worker] });
const formed = foldHappening(emptyRun, generationEntry(fromState, null, null));

// Would catch members that train again from an older step while the log and the plans stand at a later one.
test('a start that was written and is not in the log is found, with its position', () => {
  assert.deepEqual(unloggedStart(formed, fromState)?.position, position);
  assert.equal(unloggedStart(formed, record({ kind: 'seed' }))?.position?.committedSteps, 0);
  const path = '/c/step-4';
  const found = foldHappening(formed, {
    ...{ kind: 'checkpointed', committedSteps: 4, path, seconds: 1, worker },
  });
  const start: GenerationStart = { kind: 'checkpoint', committedSteps: 4, holders: [worker] };
  const entry = unloggedStart(found, record(start));
  assert.equal(entry?.position?.committedSteps, 4);
  assert.equal(entry.resumedFrom, path);
  assert.equal(unloggedStart(formed, record(start))?.resumedFrom, null);
});

test('what the log knows, or what has not started, or a run that is over, needs no entry', () => {
  const logged = foldHappening(formed, generationEntry(fromState, position, null));
  assert.equal(unloggedStart(logged, fromState), null);
  assert.equal(unloggedStart(formed, record(null)), null);
  assert.equal(unloggedStart(formed, null), null);
  // Of a log that was removed and begun again.
  assert.equal(unloggedStart(emptyRun, fromState), null);
  const end = { kind: 'failed', code: 'X', message: 'a reason' } as const;
  assert.equal(unloggedStart({ ...formed, end }, fromState), null);
});
