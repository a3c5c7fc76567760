import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeJobReport } from '../../../shared/messages/job-report.js';
import { aReport } from '../../../shared/messages/job-report-fixture.js';
import { sealOf } from '../../../shared/messages/job-report-seal.js';
import { runOfObject } from '../../names.js';
import { JobMemories } from '../shell/job-memories.js';
import { judgeReport } from './judge-report.js';

const key = Buffer.alloc(32, 1);
const uid = 'uid-of-movies';
const report = (changes = {}) => aReport({ uid, runId: runOfObject(uid), ...changes });

function judge(changes = {}, seal?: string) {
  const body = encodeJobReport(report(changes));
  return judgeReport(body, seal ?? sealOf(key, body), key, uid);
}

test('a report of the job, signed with its key, is taken', () => {
  assert.equal(judge().kind, 'report');
});

// Would catch a pod of another job, or anyone in the cluster, that writes a job's status.
test('a report with another seal, or about another job or run, is not', () => {
  const body = encodeJobReport(report());
  const forged = sealOf(Buffer.alloc(32, 2), body);
  for (const seal of [forged, '', 'Bearer x', `${sealOf(key, body)}0`]) {
    const judged = judgeReport(body, seal, key, uid);
    assert.equal(judged.kind === 'refused' && judged.status, 401);
  }
  for (const changes of [{ uid: 'other' }, { runId: 't0000000000000000' }]) {
    const judged = judge(changes);
    assert.equal(judged.kind === 'refused' && judged.status, 400);
  }
  const nonsense = Buffer.from('{}');
  const judged = judgeReport(nonsense, sealOf(key, nonsense), key, uid);
  assert.equal(judged.kind === 'refused' && judged.status, 400);
});

// Would catch a leader that was succeeded and takes the status back, and a report that is sent again.
test('a report is news only after the last one', () => {
  const memories = new JobMemories(0, () => 0.5);
  const take = (fence: number, sequence: number) =>
    memories.takeReport(uid, report({ fence, sequence }), 1);
  assert.deepEqual(
    [take(1, 1), take(1, 2), take(1, 2), take(1, 1), take(2, 1), take(1, 9), take(2, 2)],
    [true, true, false, false, true, false, true],
  );
  // Would catch a job that is silent for ever after it was suspended for longer than its log is kept.
  const anew = report({ fence: 1, sequence: 1, time: '2026-01-02T03:05:06.000Z' });
  assert.equal(memories.takeReport(uid, anew, 60_000), false);
  // Would catch a recorded one that somebody sends while nobody leads.
  assert.equal(memories.takeReport(uid, report({ fence: 1, sequence: 1 }), 60_001), false);
  assert.equal(memories.takeReport(uid, anew, 60_001), true);
});
