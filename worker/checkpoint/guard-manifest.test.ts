import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstGuardState, type GuardState } from '../training/guard/guard-state.js';
import { guardManifest } from './guard-manifest.js';

const state: GuardState = {
  ...firstGuardState,
  steps: 70,
  start: { liveNegatives: 126.10000000000001 },
  cosine: { lowest: -0.0055, present: 0.1 + 0.2 },
  norms: [2.5, 1e-9],
  raised: { negatives: { steps: 3, quiet: 0, warned: true, certain: false } },
  healthy: { committedSteps: 50, best: 25 },
  candidate: { committedSteps: 60, best: null },
  collapses: [{ committedSteps: 40, rolledBackTo: 0, signal: 'masked' }],
};

// Catches: a resumed guard that forgets a field, or a number that its text rounds.
test('a manifest holds all that a guard remembers', () => {
  for (const given of [firstGuardState, state]) {
    assert.deepEqual(guardManifest.parse(JSON.parse(JSON.stringify(given))), given);
  }
});

// Catches: a manifest of another program that is read as what it is not.
test('a manifest with other fields or signals is refused', () => {
  assert.equal(guardManifest.safeParse({ ...state, more: 1 }).success, false);
  const foreign = { ...state, collapses: [{ ...state.collapses[0], signal: 'luck' }] };
  assert.equal(guardManifest.safeParse(foreign).success, false);
});
