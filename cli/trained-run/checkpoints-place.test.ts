import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { historyFileOf } from '../../process/history/run-history.js';
import { runId } from '../../shared/ids.js';
import { checkpointsOf, jobFileOf } from '../train/output-folder.js';
import { readRunRecord, recordFileOf, writeRunRecord } from '../train/run-record.js';
import { checkpointsPlace } from './checkpoints-place.js';
import { locateRun } from './locate-run.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-place-'));
after(() => rmSync(root, { recursive: true }));

let runs = 0;

function runWith(checkpoints: string | null): string {
  const output = join(root, `run-${runs++}`);
  mkdirSync(output);
  writeFileSync(jobFileOf(output), '{}');
  const id = runId('t0123456789abcdef');
  writeRunRecord(output, { id, datasetDigest: 'd', datasetPath: null, checkpoints });
  return output;
}

// Would catch a run that answers of old weights in its folder, or of none, while others are written.
test('checkpoints are read where the run was told to write them', () => {
  const other = join(root, 'other');
  mkdirSync(join(other, 'step-00000004'), { recursive: true });
  const own = runWith(null);
  assert.deepEqual(checkpointsPlace(own), { kind: 'here', location: checkpointsOf(own) });
  const elsewhere = runWith(other);
  assert.deepEqual(checkpointsPlace(elsewhere), { kind: 'here', location: other });
  assert.equal(locateRun(elsewhere, 'export').checkpoints, other);
  const bucket = runWith('s3://models/films');
  assert.deepEqual(checkpointsPlace(bucket), { kind: 'here', location: 's3://models/films' });
  assert.equal(locateRun(bucket, 'export').checkpoints, 's3://models/films');
});

// Would catch "the run has no checkpoint yet" of a run that has them where this machine cannot look.
test('where they cannot be read, the reason says who has the newest', () => {
  const output = runWith('workers');
  const before = checkpointsPlace(output);
  assert.ok(before.kind === 'away');
  assert.match(
    before.reason,
    /^its checkpoints are with its workers \(--checkpoints workers\): copied/,
  );
  const line = { kind: 'checkpointed', time: '2026-01-02T03:04:05.678Z', seconds: 1 };
  const lines = [3, 6].map((steps) =>
    JSON.stringify({ ...line, committed_steps: steps, path: `/w/worker-1/step-${steps}` }),
  );
  writeFileSync(historyFileOf(output), `${lines.join('\n')}\n{"kind":"checkpointed","torn`);
  const place = checkpointsPlace(output);
  assert.ok(place.kind === 'away');
  assert.match(
    place.reason,
    /the newest, of 6 steps, is \/w\/worker-1\/step-6 where its worker ran/,
  );
  assert.throws(() => locateRun(output, 'export'), /^UsageError: Cannot export .*with its workers/);
  mkdirSync(join(checkpointsOf(output), 'step-00000006'), { recursive: true });
  assert.deepEqual(checkpointsPlace(output), { kind: 'here', location: checkpointsOf(output) });
  const lost = checkpointsPlace(runWith(join(root, 'unmounted')));
  assert.match(lost.kind === 'away' ? lost.reason : '', /unmounted, which is not on this machine$/);
});

// Would catch a folder that an earlier version wrote and this one refuses.
test('a record without the field is of a run with its checkpoints in its folder', () => {
  const output = runWith(null);
  writeFileSync(
    recordFileOf(output),
    JSON.stringify({ id: 't0123456789abcdef', datasetDigest: 'd', datasetPath: null }),
  );
  assert.equal(readRunRecord(output)?.checkpoints, null);
});
