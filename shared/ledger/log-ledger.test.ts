import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Happening } from '../messages/cluster/log-entry.js';
import { aRecord } from './ledger-record-fixture.js';
import { LogLedger } from './log-ledger.js';

const time = '2026-01-02T03:04:05.678Z';

const generation = (committedSteps: number | null): Happening => ({
  ...{ kind: 'generation', generation: 1, planned: false, reason: 'r', members: [], writer: null },
  position: committedSteps === null ? null : { committedSteps, collapses: 0, settled: true },
  resumedFrom: null,
});

const committed = (step: number): Happening => {
  const ledger = aRecord({ step });
  return { kind: 'committed', generation: 1, report: {} as never, seconds: 1, ledger };
};

/** `step 0`, `resumed 3`, ... */
function said(entries: readonly Happening[]): string[] {
  const ledger = new LogLedger();
  return entries.flatMap((entry) => {
    const line = ledger.lineOf({ fence: 1, time, entry });
    if (line === null) return [];
    if (line.kind === 'step') return [`step ${line.record.step}`];
    return line.kind === 'resumed' ? [`resumed ${line.committed_steps} ${line.time}`] : [line.kind];
  });
}

// Would catch an audit of a log that takes each membership for a rewind, or a rewind for a forgery.
test('generations that go on say nothing, those that go over steps again do', () => {
  const entries = [
    ...[{ kind: 'notice', text: 'n' } as const, generation(null), generation(0)],
    ...[committed(0), committed(1), generation(null), generation(2), committed(2)],
    ...[generation(1), committed(1)],
  ];
  assert.deepEqual(said(entries), ['step 0', 'step 1', 'step 2', `resumed 1 ${time}`, 'step 1']);
});

// Would catch a run that begins from a checkpoint of another log being called incomplete without a word.
test('a log that begins behind the first step says so', () => {
  assert.deepEqual(said([generation(4), committed(4)]), [`resumed 4 ${time}`, 'step 4']);
});
