import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resolveJob, type TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { afterCollapse, changedJob } from './after-collapse.js';
import { firstGuardState, type GuardState } from './guard-state.js';

const jobOf = (guard: object): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'guarded' },
    spec: {
      data: { path: 'x' },
      objective: { falseNegatives: 'cosine' },
      optimizer: { learningRate: 0.02 },
      guard,
    },
  });

const healthy = { committedSteps: 50, best: 25 };
const state: GuardState = { ...firstGuardState, steps: 80, healthy };
const after = (guard: object, from = state, stageStart = 0) =>
  afterCollapse(jobOf(guard), from, 'masked', { committedSteps: 80, stageStart });

describe('after a collapse', () => {
  it('follows the action of the job', () => {
    assert.equal(after({ action: 'warn' }).kind, 'warn');
    assert.deepEqual(after({ action: 'stop' }), { kind: 'stop', at: healthy });
    assert.equal(after({}).kind, 'stop');
  });

  // Would catch a training that is watched with what was measured of weights that it has given up.
  it('goes on from the last healthy checkpoint, and begins to watch anew', () => {
    const collapse = { committedSteps: 80, rolledBackTo: 50, signal: 'masked' } as const;
    assert.deepEqual(after({ action: 'continue', change: { falseNegatives: 'text' } }), {
      kind: 'roll-back',
      to: healthy,
      state: { ...firstGuardState, healthy, collapses: [collapse] },
    });
  });

  // Would catch a training that collapses, goes on and collapses for ever.
  it('stops after as many times as the job allows, and where nothing is left to change', () => {
    const collapse = { committedSteps: 60, rolledBackTo: 50, signal: 'masked' } as const;
    const once = { ...state, collapses: [collapse] };
    const twice = { ...state, collapses: [collapse, collapse] };
    const rate = { action: 'continue', change: { learningRateFactor: 0.5 } };
    assert.equal(after(rate, once).kind, 'roll-back');
    assert.equal(after(rate, twice).kind, 'stop');
    const mask = { action: 'continue', change: { falseNegatives: 'text', times: 9 } };
    assert.equal(after(mask, once).kind, 'stop');
  });
});

describe('after a collapse in a later stage', () => {
  // Would catch moments of a layout that the stage does not have.
  it('goes on only from a checkpoint of that stage', () => {
    const goesOn = { action: 'continue', change: { falseNegatives: 'text' } };
    assert.equal(after(goesOn, state, 50).kind, 'roll-back');
    assert.deepEqual(after(goesOn, state, 60), { kind: 'stop', at: healthy });
    assert.equal(after(goesOn, { ...state, healthy: null }, 60).kind, 'stop');
  });
});

describe('the changed job', () => {
  it('is the job itself before any collapse, and where nothing is to be changed', () => {
    const job = jobOf({ action: 'continue', change: { learningRateFactor: 0.5 } });
    assert.equal(changedJob(job, 0), job);
    assert.equal(changedJob(jobOf({}), 0).spec.objective.falseNegatives, 'cosine');
  });

  // Would catch a change that is forgotten with the second collapse, or a threshold without a cosine.
  it('has what the guard was told to change, once for each collapse', () => {
    const change = { falseNegatives: 'text', learningRateFactor: 0.5, times: 3 };
    const job = jobOf({ action: 'continue', change });
    const rates = [1, 2, 3].map((times) => changedJob(job, times).spec.optimizer.learningRate);
    assert.deepEqual(rates, [0.01, 0.005, 0.0025]);
    const { objective } = changedJob(job, 2).spec;
    assert.equal(objective.falseNegatives, 'text');
    assert.ok(!('falseNegativeThreshold' in objective));
  });
});
