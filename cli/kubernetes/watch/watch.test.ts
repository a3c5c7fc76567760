/** What a watcher makes of the lines of coordinators and of a status. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import type { EndLine, HistoryLine } from '../../../shared/history/history-line.js';
import { jobEnd } from './job-end.js';
import { NewLines } from './new-lines.js';

const at = (second: number): string => `2026-01-02T00:00:0${second}.000Z`;

const warning = (second: number, steps: number): HistoryLine => ({
  ...{ kind: 'warning', time: at(second), committed_steps: steps, text: 'x' },
});

// Would catch a coordinator that comes later and has everything shown a second time.
test('what is told again from the beginning is shown once', () => {
  const news = new NewLines();
  const history = [warning(1, 1), warning(2, 2), warning(2, 3)];
  const progress = { kind: 'waiting', time: at(0), reason: 'x' } as const;
  assert.deepEqual(
    history.map((line) => news.take(line)),
    [true, true, true],
  );
  const told = [...history, progress, warning(3, 4)];
  assert.deepEqual(
    told.map((line) => news.take(line)),
    [false, false, false, true, true],
  );
});

const job = (type: string, reason: string, message: string): TrainingJobObject =>
  ({
    metadata: { name: 'movies' },
    status: { step: 40, loss: 3, conditions: [{ type, status: 'True', reason, message }] },
  }) as unknown as TrainingJobObject;

const complete = job('Complete', 'TrainingFinished', 'done');
const finished = { kind: 'finished', exit_code: 0, weights_sha256: 'w' } as unknown as EndLine;
const stopped = { kind: 'finished', exit_code: 5 } as unknown as EndLine;
const failed = { kind: 'failed', exit_code: 3, code: 'NON_FINITE' } as unknown as EndLine;

// Would catch the end of a coordinator that was stopped or lost, taken for that of the job.
test('a job ends as its status says, in the words of its coordinator where they fit', () => {
  assert.equal(jobEnd(job('Running', 'Training', ''), finished, at(1)), null);
  assert.equal(jobEnd(complete, finished, at(1))?.line, finished);
  for (const said of [null, stopped, failed]) {
    const { exitCode, line } = jobEnd(complete, said, at(1)) ?? {};
    assert.equal(exitCode, 0);
    const { kind, committed_steps, final_loss } = line as Record<string, unknown>;
    assert.deepEqual([kind, committed_steps, final_loss], ['finished', 40, 3]);
  }
  assert.equal(
    jobEnd(job('Failed', 'TrainingFailed', 'x (NON_FINITE)'), failed, at(1))?.line,
    failed,
  );
});

// Would catch a script that goes on after a job that has failed, or tries a wrong spec again.
test('the exit code of a failure is that of its code, or of its reason', () => {
  const codeOf = (reason: string, message: string) =>
    jobEnd(job('Failed', reason, message), null, at(1))?.exitCode;
  assert.equal(codeOf('TrainingFailed', 'ended with 3: NaN (NON_FINITE)'), 3);
  assert.equal(codeOf('UnusableJob', 'ended with 2: no data (DAMAGED_DATASET)'), 2);
  assert.equal(codeOf('InvalidSpec', 'spec.lanes must be at most 4'), 2);
  assert.equal(codeOf('DeadlineExceeded', 'it took longer than 60 s'), 3);
});
