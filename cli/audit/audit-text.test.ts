import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Differences } from '../../shared/ledger/audit/differences.js';
import type { AuditOutcome } from './audit-run.js';
import { auditText } from './audit-text.js';

const audited: NonNullable<AuditOutcome['audited']> = {
  summary: {
    ...{ steps: 1500, totalSteps: 2000, epochs: 3, openSteps: 36, users: 943, sequences: 2412 },
    ...{ generations: 2, resumed: 1, trainedAgain: 4, members: ['worker-0', 'worker-1'], plans: 0 },
    stateHash: null,
  },
  recomputed: false,
  checkpoint: null,
  checkpointsAway: null,
  comparedBytes: null,
  end: null,
};

const outcome = (differences: Differences, changes: Partial<AuditOutcome> = {}): AuditOutcome => ({
  ...{ run: '/runs/a', dataset: 'films', audited, differences, ...changes },
});

test('a verdict stands in the first line, and what was compared below', () => {
  const [verdict, empty, ...rows] = auditText(outcome(new Differences())).split('\n');
  assert.deepEqual([verdict, empty], ['/runs/a: passed', '']);
  assert.equal(rows[0], 'steps        1,500 of 2,000, each once and in order');
  assert.match(rows.join('\n'), /resumed +1 time, 4 steps trained again\n/);
  assert.match(rows.join('\n'), /plans +not computed again \(--recompute\)\n/);
  assert.match(rows.join('\n'), /end +none: the run lasts, or was killed$/);
});

// Would catch a screen full of the same, and a table that claims what the differences deny.
test('differences come first, as many as a person reads, and deny what the table would claim', () => {
  const differences = new Differences();
  for (let step = 0; step < 25; step++) differences.add('digest', step, 'lane 0: another digest');
  differences.add('dataset', null, 'it has another digest');
  const text = auditText(outcome(differences));
  assert.match(text, /^\/runs\/a: FAILED: 26 differences\n {2}step 0: lane 0/);
  assert.match(text, /\n {2}and 6 more\n/);
  assert.doesNotMatch(text, /each once and in order|every byte as|the members agreed/);
  const damaged = auditText(outcome(differences, { audited: null }));
  assert.match(damaged, /films is damaged: nothing else was compared$/);
});

// Would catch weights that nobody could compare, and a table that says that there are none.
test('checkpoints that cannot be read from here are told from none', () => {
  const checkpointsAway = 'its checkpoints are with its workers';
  const away = outcome(new Differences(), { audited: { ...audited, checkpointsAway } });
  assert.match(auditText(away), /\ncheckpoint +weights not compared: its checkpoints are with/);
  assert.match(auditText(outcome(new Differences())), /\ncheckpoint +none\n/);
});
