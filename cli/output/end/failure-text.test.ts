import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainFailure } from '../../train/ending/failure.js';
import { failureText } from './failure-text.js';

const causeOf = (code: string) =>
  explainFailure(
    [
      {
        kind: 'failed',
        event: { kind: 'failed', code, message: 'it was so', worker: null, committedSteps: 0 },
      },
    ],
    0,
  );

const next = { resumes: false, command: 'lockstep train job.yaml' };

// Would catch "To resume" before there is a checkpoint, which the command would then refuse.
test('the hint is a command that can work: resuming needs a checkpoint', () => {
  const lost = causeOf('RUN_LOST');
  assert.match(failureText(lost, null, next), /To run it again:\n {2}lockstep train job.yaml$/);
  assert.match(failureText(lost, null, { ...next, resumes: true }), /To resume:\n/);
});

// Would catch a hint to repeat what can only fail again.
test('what must be changed first says so, and gets no command to go on', () => {
  assert.deepEqual(failureText(causeOf('EMPTY_PLAN'), null, next).split('\n'), [
    'lockstep: it was so (after 0 committed steps)',
    'Next: change the fields that are named, in the file or by --set; docs/job-spec.md has all of them.',
  ]);
});
