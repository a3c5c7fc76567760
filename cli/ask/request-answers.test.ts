import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OperatorRequest } from '../../shared/messages/cluster/control.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import { UsageError } from '../usage-error.js';
import { RequestAnswers } from './request-answers.js';

const asked = { by: 'ann@host', id: '0123456789abcdef' };
const others = { by: 'bob@host', id: 'f'.repeat(16) };

const answers = (request: Pick<OperatorRequest, 'kind'>, notes: string[] = []) =>
  new RequestAnswers(
    { worker: 'worker-2', ...asked, ...request } as OperatorRequest,
    `${request.kind} "books"`,
    (text) => notes.push(text),
  );

const committed = (steps: number) =>
  ({ kind: 'committed', report: { step: steps - 1 } }) as unknown as Happening;

const generation = (number: number, members: readonly string[], started: boolean): Happening => ({
  ...{ kind: 'generation', generation: number, planned: true, reason: 'worker-2 leaves' },
  members: members.map((worker) => ({ worker, lanes: 1 })),
  ...{ writer: null, resumedFrom: null },
  position: started ? { committedSteps: 9, collapses: 0, settled: true } : null,
});

// Would catch "paused" said while members still train, or by somebody else's request.
test('a run is paused once the steps are committed that were planned', () => {
  const notes: string[] = [];
  const pause = answers({ kind: 'pause' }, notes);
  pause.hear({ kind: 'paused', ...others, committedSteps: 9, standsAt: 9 });
  assert.equal(pause.answer, null);
  pause.hear({ kind: 'paused', ...asked, committedSteps: 7, standsAt: 9 });
  pause.hear(committed(8));
  assert.equal(pause.answer, null);
  pause.hear(committed(9));
  assert.deepEqual(pause.answer, { kind: 'paused', committedSteps: 9 });
  assert.deepEqual(notes, ['pausing: step 7 is committed, it stands after step 9']);
});

// Would catch a command that waits for ever for a step that was committed before.
test('a run that stands already is paused at once', () => {
  const pause = answers({ kind: 'pause' });
  pause.hear({ kind: 'paused', ...asked, committedSteps: 9, standsAt: 9 });
  assert.deepEqual(pause.answer, { kind: 'paused', committedSteps: 9 });
});

// Would catch an older checkpoint that is taken for the one that was asked for.
test('a checkpoint of as many steps is the answer, or the one that is there', () => {
  const checkpointed = (committedSteps: number): Happening => ({
    ...{ kind: 'checkpointed', committedSteps, path: `/c/${committedSteps}` },
    ...{ seconds: 1, worker: 'worker-0' },
  });
  const checkpoint = answers({ kind: 'checkpoint' });
  checkpoint.hear({ kind: 'asked-checkpoint', ...asked, steps: 8, path: null });
  checkpoint.hear(checkpointed(5));
  assert.equal(checkpoint.answer, null);
  checkpoint.hear(checkpointed(9));
  assert.deepEqual(checkpoint.answer, { kind: 'checkpoint', committedSteps: 9, path: '/c/9' });
  const there = answers({ kind: 'checkpoint' });
  there.hear({ kind: 'asked-checkpoint', ...asked, steps: 8, path: '/c/8' });
  assert.deepEqual(there.answer, { kind: 'checkpoint', committedSteps: 8, path: '/c/8' });
});

// Would catch a worker that has left by the command's word while it still trains.
test('a worker has left once others train without it', () => {
  const drain = answers({ kind: 'drain' });
  const incarnation = 'a'.repeat(16);
  drain.hear({ kind: 'draining', ...asked, worker: 'worker-2', incarnation, isMember: true });
  drain.hear(generation(4, ['worker-0', 'worker-2'], true));
  drain.hear(generation(5, ['worker-0'], false));
  assert.equal(drain.answer, null);
  drain.hear(generation(5, ['worker-0'], true));
  assert.deepEqual(drain.answer, {
    ...{ kind: 'drained', worker: 'worker-2', generation: 5, members: ['worker-0'] },
  });
});

// Would catch a refusal that is waited out in silence.
test('what the leader refuses is an error with its reason', () => {
  const drain = answers({ kind: 'drain' });
  const reason = 'no worker of the name "worker-2" lives';
  assert.throws(
    () => drain.hear({ kind: 'refused-request', ...asked, request: 'drain', reason }),
    new UsageError(`Cannot drain "books": ${reason}`),
  );
});
