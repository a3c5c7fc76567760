import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelsOf } from '../../names.js';
import type { JobObject, PodObject } from '../../objects/kubernetes-objects.js';
import type { WallTime } from '../reconcile/seen.js';
import { nextConditions } from './conditions.js';
import { coordinatorOutcome } from './coordinator-outcome.js';
import { failureCode } from './failure-code.js';

const failed = (message: string) => ({
  conditions: nextConditions(
    [],
    { Failed: { holds: true, reason: 'TrainingFailed', message } },
    1,
    0 as WallTime,
  ),
});

// Would catch an alert for replicas that differ which never rings, because sentences have changed.
test('the code that a coordinator ends with is the code of its job', () => {
  const job = { metadata: { uid: 'j' } } as JobObject;
  const said = { kind: 'failed', code: 'WEIGHTS_DIFFER', message: 'the weights differ' };
  const pod = {
    metadata: {
      name: 'p',
      uid: 'p',
      labels: labelsOf('j', 'coordinator'),
      ownerReferences: [{ uid: 'j', controller: true }],
    },
    status: {
      phase: 'Failed',
      containerStatuses: [
        {
          name: 'coordinator',
          state: { terminated: { exitCode: 3, message: `noise\n${JSON.stringify(said)}` } },
        },
      ],
    },
  } as unknown as PodObject;
  const outcome = coordinatorOutcome(job, [pod]);
  assert.equal(outcome.kind, 'failed');
  assert.equal(
    failureCode(failed(outcome.kind === 'failed' ? outcome.message : '')),
    'WEIGHTS_DIFFER',
  );
});

// Would catch jobs that are counted while they run, and failures without a code that are not.
test('only a job that has failed has a code', () => {
  assert.equal(failureCode(undefined), null);
  assert.equal(failureCode({ conditions: [] }), null);
  assert.equal(failureCode(failed('it ran for longer than activeDeadlineSeconds')), 'none');
});
