import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LedgerRecord } from '../../../shared/ledger/ledger-record.js';
import { aHash, aRecord } from '../../../shared/ledger/ledger-record-fixture.js';
import type { Happening } from '../../../shared/messages/cluster/log-entry.js';
import { LogRun } from './log-run.js';

const time = '2026-01-02T03:04:05.678Z';
const run = 't0123456789abcdef';

function shown(...entries: readonly Happening[]): LogRun {
  const source = new LogRun({
    ...{ run, folder: null, actions: null, versions: { lockstep: '1.2.3', node: '20.1.0' } },
    job: { name: 'books', sha256: 'a'.repeat(64), spec: { kind: 'TrainingJob' } },
  });
  for (const entry of entries) source.add({ fence: 1, time, entry });
  return source;
}

const reportOf = (step: number) => ({
  ...{ step, stage: null, loss: 1, sequences: 4, itemTokens: 9, distinctItems: 3, measures: {} },
  ...{ itemCosine: 0, gradientNorm: 1, learningRate: 1, phaseSeconds: {}, waitSeconds: 0 },
  stateHash: aHash,
});

const led: Happening = { kind: 'led', coordinator: 'c', totalSteps: 9 };

const generation = (committedSteps: number | null): Happening => ({
  ...{ kind: 'generation', generation: 1, planned: false, reason: 'the run begins', writer: null },
  members: [{ worker: 'worker-0', lanes: 4 }],
  position: committedSteps === null ? null : { committedSteps, collapses: 0, settled: true },
  resumedFrom: null,
});

// Would catch a coordinator whose page shows another run than the history of the command that watches it.
test('entries of the log are shown as the lines that a history has of them', () => {
  const { model } = shown(led, generation(null), generation(0));
  assert.equal(model.id, 'books');
  assert.equal(model.state.run, run);
  assert.equal(model.state.totalSteps, 9);
  assert.equal(model.state.phase, 'training');
  assert.deepEqual(
    model.timeline.map(({ kind }) => kind),
    ['started'],
  );
});

test('while a generation forms the run waits, and says for what', () => {
  const { state } = shown(led, { kind: 'waiting', reason: '1 of 2 workers' }).model;
  assert.deepEqual([state.phase, state.reason], ['waiting', '1 of 2 workers']);
});

test('a failure in the log is the end that is shown', () => {
  const { state } = shown(led, generation(0), {
    ...{ kind: 'failed', code: 'LOSS_NOT_FINITE', message: 'the loss is NaN', worker: null },
    committedSteps: 3,
  }).model;
  assert.deepEqual([state.phase, state.reason], ['failed', 'the loss is NaN']);
});

// Would catch viewers of a log that was removed and begun again, who see both accounts as one.
test('a log that was begun again is another account', () => {
  const source = shown(led, generation(0));
  const before = source.model;
  source.restart();
  assert.notEqual(source.model, before);
  assert.deepEqual(source.model.timeline, []);
});

// Would catch a coordinator's page without a ledger, or with one that its run's folder would not have.
test('what the log records is counted as the ledger of a folder is', async () => {
  assert.equal(await shown(led, generation(0)).ledger(), null);
  const committed = (record: LedgerRecord): Happening => ({
    ...{ kind: 'committed', generation: 1, report: reportOf(record.step), seconds: 1 },
    ledger: record,
  });
  const [first, second] = [aRecord({ step: 0 }), aRecord({ step: 1 })];
  const source = shown(led, generation(0), committed(first), committed(second));
  const once = await source.ledger();
  assert.deepEqual([once?.steps, once?.problemsCount], [2, 0]);
  assert.ok((once?.sequences ?? 0) > 0);
  source.add({ fence: 2, time, entry: generation(1) });
  source.add({ fence: 2, time, entry: committed(second) });
  const again = await source.ledger();
  assert.deepEqual([again?.steps, again?.trainedAgain, again?.problemsCount], [2, 1, 0]);
});
