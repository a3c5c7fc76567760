import assert from 'node:assert/strict';
import { test } from 'node:test';
import { judgeHashes, StateDiffersError } from './judge-hashes.js';
import type { StateHash } from './ledger-record.js';
import { aHash, anotherHash, reportOf } from './ledger-record-fixture.js';

const judge = (...hashes: StateHash[]) =>
  judgeHashes(hashes.map((stateHash, index) => ({ worker: `worker-${index}`, stateHash })));

function errorOf(...hashes: StateHash[]): StateDiffersError {
  const verdict = judge(...hashes);
  assert.notEqual(verdict.kind, 'agree');
  return new StateDiffersError(9, verdict as Exclude<typeof verdict, { kind: 'agree' }>);
}

test('equal hashes of equal parts agree', () => {
  assert.deepEqual(judge(aHash), { kind: 'agree', stateHash: aHash });
  assert.equal(judge(aHash, { ...aHash }, { ...aHash }).kind, 'agree');
  assert.equal(reportOf('worker-0').report.stateHash, aHash);
});

// Would catch the first reporter being taken for the one that is right.
test('the majority names the odd one out, whoever reported first', () => {
  const error = errorOf(anotherHash, aHash, aHash);
  assert.equal(error.code, 'STATE_DIFFERS');
  assert.deepEqual(error.workers, ['worker-0']);
  assert.match(
    error.message,
    /^Cannot commit step 9: worker-0 has another state than worker-1, worker-2 .*memory, processor or GPU of worker-0 /,
  );
});

// Would catch a healthy member that is blamed, where one stands against one.
test('two members that differ are both named, and what to do', () => {
  const error = errorOf(aHash, anotherHash);
  assert.deepEqual(error.workers, ['worker-0', 'worker-1']);
  assert.match(error.message, /worker-0 and worker-1 hold different states.*one more worker/);
  assert.equal(judge(aHash, anotherHash, aHash, anotherHash).kind, 'undecided');
  assert.equal(judge(aHash, anotherHash, { ...aHash, to: 32 }).kind, 'undecided');
});
