import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRecord } from '../ledger/ledger-record-fixture.js';
import type { ReportedMetrics, ReportedStep } from '../messages/report-fields.js';
import type { RunEvent } from '../messages/run-events.js';
import { EventLines } from './event-lines.js';
import { eventOf, readLine } from './line-events.js';
import type { ShownEvent, ShownRecovery } from './shown-event.js';

const time = '2026-01-02T03:04:05.678Z';

const report: ReportedStep = {
  ...{ step: 6, stage: 'warm', loss: 1.5, sequences: 64, itemTokens: 9000, distinctItems: 500 },
  measures: { live_negatives: 99, generative_loss: 2, classification_loss: 0.5 },
  ...{ itemCosine: 0.25, gradientNorm: 2, learningRate: 0.001, waitSeconds: 0.2 },
  phaseSeconds: { encode: 0.1 },
  stateHash: aRecord().stateHash,
};

const row = { users: 9, tooShort: 1, repeats: 2, tied: 3, items: 30 };
const validation: ReportedMetrics = {
  ...{ ...row, split: 'validation', model: 'hllm', values: { 'recall@10': 0.3 } },
  targets: { total: 9, wanted: 4, users: 3, oneClass: 1 },
};
const test0: ReportedMetrics = { ...validation, split: 'test' };
const best = { metric: 'recall@10', value: 0.3, committedSteps: 6 };

const asked = { by: 'ann@host', id: 'fedcba9876543210' };

/** What is told, and what of it a line keeps. */
const cases: readonly (readonly [RunEvent, ShownEvent])[] = [
  ...(
    [
      { kind: 'waiting', reason: '0 of 1 workers' },
      { kind: 'evaluating', done: 1, total: 4 },
      { kind: 'encoding', done: 1, total: 4 },
      { kind: 'notice', text: 'no checkpoint' },
      { kind: 'started', members: ['a'], firstStep: 6, totalSteps: 9, resumedFrom: '/c/6' },
      {
        ...{ kind: 'generation', generation: 2, members: ['a'], committedSteps: 7 },
        ...{ planned: true, reason: 'b has left' },
      },
      { kind: 'checkpointed', committedSteps: 7, path: '/c/step-7', seconds: 0.1 },
      {
        ...{ kind: 'phases', generation: 2, steps: 3 },
        members: [{ worker: 'a', lanes: 4, phaseSeconds: { encode: 0.3 }, waitSeconds: 0.1 }],
      },
      { kind: 'evaluated', committedSteps: 7, results: [validation, test0] },
      {
        ...{ kind: 'rolled-back', committedSteps: 7, rolledBackTo: 5, reason: 'few negatives' },
        ...{ falseNegatives: 'text', learningRate: 0.001 },
      },
      { kind: 'paused', ...asked, committedSteps: 0, standsAt: 9 },
      { kind: 'went-on', ...asked },
      { kind: 'asked-checkpoint', ...asked, steps: 8, path: null },
      { kind: 'refused-request', ...asked, request: 'drain', reason: 'no such worker' },
    ] as const satisfies RunEvent[]
  ).map((event) => [event, event] as const),
  recoveredCase(),
  [
    { kind: 'draining', ...asked, worker: 'b', incarnation: '0123456789abcdef', isMember: true },
    { kind: 'draining', ...asked, worker: 'b' },
  ],
  [
    { kind: 'committed', report, seconds: 0.5, ledger: aRecord() },
    { kind: 'committed', report: withoutHash(report), seconds: 0.5 },
  ],
  [
    {
      ...{ kind: 'validated', committedSteps: 7, results: [validation] },
      best: { ...best, repeats: 'allow', evaluationsSince: 1 },
    },
    { kind: 'validated', committedSteps: 7, results: [validation], best },
  ],
];

function recoveredCase(): readonly [RunEvent, ShownEvent] {
  const shown: ShownRecovery = {
    ...{ kind: 'recovered' as const, cause: 'lost' as const, workers: ['b'], planned: false },
    ...{ detectSeconds: 1, reformSeconds: 2, resumeSeconds: 3, lostSeconds: 4, recomputedSteps: 1 },
  };
  return [{ ...shown, generation: 2 }, shown];
}

function withoutHash({ stateHash: _, ...step }: ReportedStep) {
  return step;
}

// Would catch a watcher of lines that sees another run than whoever hears the events.
for (const [event, shown] of cases) {
  test(`a line of "${event.kind}" shows what the event has shown`, () => {
    const lines = new EventLines({ lockstep_version: '1.2.3', node_version: '20.0.0' });
    const line = readLine(JSON.stringify(lines.lineOf(event, time)));
    assert.ok(line !== null);
    assert.deepEqual(eventOf(line), shown);
  });
}

// Would catch a log line of another program, or of a later version, that ends whoever watches.
test('what is no line of a history is nothing', () => {
  for (const text of ['', 'coordinator: pid 18', '{}', '[1]', '{"kind":"later","time":"x"}']) {
    assert.equal(readLine(text), null);
  }
});
