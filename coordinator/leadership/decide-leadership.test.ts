import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunClaim } from '../../shared/run/claim.js';
import { millis } from '../../shared/units.js';
import { decideLeadership, type LeadershipView } from './decide-leadership.js';

const own = { run: 't1', token: 'mine', jobSha256: 'j' };
const claim = (changes: Partial<RunClaim> = {}): RunClaim => ({
  run: 't1',
  token: 'theirs',
  jobSha256: 'j',
  fence: 3,
  owner: { host: 'h', pid: 7, boot: null, pidNamespace: null, startTicks: null },
  since: '',
  ...changes,
});
const watching = (changes: Partial<NonNullable<LeadershipView['seen']>> = {}): LeadershipView => ({
  own,
  held: null,
  seen: {
    claim: claim(),
    liveness: 'unknown',
    unchangedFor: millis(0),
    renewed: false,
    lookedAgo: millis(0),
    ...changes,
  },
});

// Would catch two leaders, a standby that never takes over, and one that takes over from the living.
test('a standby takes over from a leader that is silent or dead, and from no other', () => {
  const decide = (changes: Parameters<typeof watching>[0]) =>
    decideLeadership(watching(changes)).kind;
  assert.equal(decide({ unchangedFor: millis(1900) }), 'wait');
  assert.equal(decide({ unchangedFor: millis(2000) }), 'claim');
  assert.equal(decide({ liveness: 'alive', unchangedFor: millis(2000) }), 'claim');
  assert.equal(decide({ liveness: 'alive', renewed: true }), 'wait');
  assert.equal(decide({ liveness: 'dead' }), 'claim');
  assert.equal(decide({ claim: null }), 'claim');
  // The command that started it holds the name for it; another coordinator of that command leads.
  const mine = { token: 'mine', fence: 0 };
  assert.equal(decide({ claim: claim(mine), liveness: 'alive' }), 'claim');
  assert.equal(decide({ claim: claim({ ...mine, fence: 1 }), liveness: 'alive' }), 'wait');
});

// Would catch a second run of a name that mixes its plans with the first one's.
test('another run of the name is refused while it lives, and a standby of another job always', () => {
  const other = claim({ run: 't2' });
  const decide = (changes: Parameters<typeof watching>[0]) => decideLeadership(watching(changes));
  assert.equal(decide({ claim: other, liveness: 'alive' }).kind, 'refuse');
  assert.equal(decide({ claim: other, renewed: true }).kind, 'refuse');
  assert.equal(decide({ claim: other, unchangedFor: millis(9900) }).kind, 'wait');
  assert.equal(decide({ claim: other, unchangedFor: millis(10_000) }).kind, 'claim');
  const decision = decide({ claim: claim({ jobSha256: 'k' }) });
  assert.equal(decision.kind === 'refuse' && decision.code, 'JOB_MISMATCH');
});

// Would catch a leader that wakes up after its lease and acts before it has asked the store.
test('a leader renews in time, and acts no more when its lease is over', () => {
  const decide = (renewedAgo: number, triedAgo: number) =>
    decideLeadership({
      own,
      seen: null,
      held: { renewedAgo: millis(renewedAgo), triedAgo: millis(triedAgo) },
    });
  assert.deepEqual(decide(100, 100), { kind: 'lead', may: true, renew: false });
  assert.deepEqual(decide(600, 600), { kind: 'lead', may: true, renew: true });
  assert.deepEqual(decide(2000, 100), { kind: 'lead', may: false, renew: true });
});
