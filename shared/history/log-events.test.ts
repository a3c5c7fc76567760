import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../ids.js';
import { aRecord, nothingTrained } from '../ledger/ledger-record-fixture.js';
import type { Happening } from '../messages/cluster/log-entry.js';
import type { RunEvent } from '../messages/run-events.js';
import { LogEvents } from './log-events.js';

const report = (step: number) => ({
  step,
  stage: null,
  loss: 1,
  sequences: 1,
  itemTokens: 1,
  distinctItems: 1,
  measures: {},
  itemCosine: 0,
  gradientNorm: 1,
  learningRate: 1,
  phaseSeconds: {},
  waitSeconds: 0,
  ...nothingTrained,
});

const committed = (step: number): Happening => ({
  kind: 'committed',
  generation: 1,
  report: report(step),
  seconds: 1,
  ledger: aRecord({ step }),
});

const generation = (
  number: number,
  committedSteps: number | null,
  resumedFrom: string | null = null,
): Happening => ({
  kind: 'generation',
  generation: number,
  planned: false,
  reason: `reason ${number}`,
  members: [{ worker: workerId('worker-0'), lanes: 4 }],
  writer: workerId('worker-0'),
  position: committedSteps === null ? null : { committedSteps, collapses: 0, settled: true },
  resumedFrom,
});

const led = (coordinator: string): Happening => ({ kind: 'led', coordinator, totalSteps: 9 });

function kindsOf(happenings: readonly Happening[]): RunEvent[] {
  const events = new LogEvents();
  return happenings.flatMap((entry) => events.eventsOf({ fence: 1, time: 'now', entry }));
}

// Would catch a history that is cut at every change of the members, and one that keeps steps that are
// trained a second time.
test('a run starts where it begins and where it goes over steps again, and else only changes', () => {
  const events = kindsOf([
    led('a'),
    generation(1, null),
    generation(1, 0),
    committed(0),
    committed(1),
    generation(2, null),
    generation(2, 2),
    committed(2),
    generation(3, 1, '/c/step-00000001'),
    committed(1),
  ]);
  assert.deepEqual(
    events.map(({ kind }) => kind),
    [
      ...['waiting', 'started', 'committed', 'committed', 'waiting', 'generation', 'committed'],
      ...['started', 'committed'],
    ],
  );
  const [, first] = events;
  assert.ok(first?.kind === 'started');
  assert.deepEqual([first.firstStep, first.totalSteps, first.resumedFrom], [0, 9, null]);
  const again = events[7];
  assert.ok(again?.kind === 'started');
  assert.deepEqual([again.firstStep, again.resumedFrom], [1, '/c/step-00000001']);
});

// Would catch a watcher that takes the first leader, or the same one after a restart of the bus, for news.
test('a change of the leader is told, the first one is not', () => {
  assert.deepEqual(kindsOf([led('a'), led('a'), led('b')]), [{ kind: 'led', coordinator: 'b' }]);
});
