import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { step } from '../../../shared/ids.js';
import { aHash, plannedDigests } from '../../../shared/ledger/ledger-record-fixture.js';
import { stateHeaderBytes } from '../../../shared/limits.js';
import { committedStep } from '../guard/guard.js';
import { firstGuardState } from '../guard/guard-state.js';
import { type Phase, phases, type StepReport } from '../messages.js';
import {
  decodeStateHeader,
  encodeStateHeader,
  type StateHeader,
  StateHeaderError,
} from './state-header.js';

const best = {
  metric: 'mrr',
  repeats: 'exclude' as const,
  value: 0.1 + 0.2,
  committedSteps: 4,
  evaluationsSince: 1,
};

const header: StateHeader = {
  stage: 1,
  best,
  validated: { committedSteps: 6, rows: [] },
  guard: { ...firstGuardState, norms: [1e-300, 0.1, Math.PI] },
  pending: null,
  checkpoint: { committedSteps: 6, path: '/c/step-00000006' },
  finalLoss: 1 / 3,
  trains: true,
  stopping: false,
  recent: ['{"step":5}\n'],
};

const phaseSeconds = Object.fromEntries(phases.map((phase) => [phase, 0.5])) as Record<
  Phase,
  number
>;

const report: StepReport = {
  ...{ step: step(6), stage: null, loss: 2 / 3, sequences: 2, itemTokens: 9, distinctItems: 4 },
  ...{ measures: { live_negatives: 0.9 }, itemCosine: 0.1, gradientNorm: 1e-9, learningRate: 0.1 },
  ...{ phaseSeconds, waitSeconds: 0, lanes: plannedDigests(), stateHash: aHash },
};

// Would catch a report that grows, and a header that is refused wherever a look is still to be done.
test('what the guard is still to see of a step travels, whatever else a report has', () => {
  const pending = { kind: 'look', step: committedStep(report, 12) } as const;
  const decoded = decodeStateHeader(encodeStateHeader({ ...header, pending }));
  assert.deepEqual(decoded.pending, pending);
});

// Would catch a number that is rounded on its way, after which members decide differently.
test('a header comes back as it was, with what is still to be done', () => {
  for (const pending of [
    null,
    { kind: 'evaluate' },
    { kind: 'roll-back', to: null, state: firstGuardState, reason: 'none is left' },
    { kind: 'roll-back', to: { committedSteps: 3, best: 2 }, state: firstGuardState, reason: '' },
  ] as const) {
    const whole = { ...header, pending };
    assert.deepEqual(decodeStateHeader(encodeStateHeader(whole)), whole);
  }
});

// Would catch a stranger's header that is believed, an error without a code, and a field nobody checks.
test('whatever else comes is refused', () => {
  const refused = (json: string): void =>
    assert.throws(
      () => decodeStateHeader(json),
      (error) => error instanceof StateHeaderError && error.code === 'STATE_HEADER',
    );
  const json = encodeStateHeader(header);
  refused('');
  refused(`${json.slice(0, -1)},"more":1}`);
  refused(json.replace('"version":1', '"version":2'));
  refused(json.replace('"stage":1', '"stage":-1'));
  refused(json.replace('"stopping":false', '"stopping":0'));
  refused(json.replace('"pending":null', '"pending":{"kind":"evaluate","more":0}'));
  refused(`"${'x'.repeat(stateHeaderBytes)}"`);
  fc.assert(
    fc.property(
      fc.nat(json.length - 1),
      fc.string({ minLength: 1, maxLength: 1 }),
      (at, letter) => {
        const changed = json.slice(0, at) + letter + json.slice(at + 1);
        try {
          decodeStateHeader(changed);
        } catch (error) {
          assert.ok(error instanceof StateHeaderError);
        }
      },
    ),
    { numRuns: 300, seed: 5 },
  );
});
