import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NumberedReport } from '../../shared/messages/cluster/from-worker.js';
import { ReportInbox } from './report-inbox.js';

const report = (number: number, oldest = 1): NumberedReport => ({
  kind: 'report',
  incarnation: '0'.repeat(16),
  number,
  oldest,
  generation: 1,
  report: { kind: 'notice', text: String(number) },
});
const numbers = (reports: readonly NumberedReport[]) => reports.map(({ number }) => number);
const nothing = { stored: 0, recordedSteps: 0, over: false };

// Would catch a fact that is recorded twice, out of order, or skipped where a message was lost.
test('reports are taken in order, each once, however they arrive', () => {
  const inbox = new ReportInbox(1);
  assert.deepEqual(numbers(inbox.add(report(2))), []);
  assert.deepEqual(numbers(inbox.add(report(1))), [1, 2]);
  assert.deepEqual(numbers(inbox.add(report(2))), []);
  assert.deepEqual(numbers(inbox.add(report(3))), [3]);
});

// Would catch a new leader that waits for ever for reports that an older one has recorded.
test('a new leader begins where the sender says', () => {
  const inbox = new ReportInbox(8);
  assert.equal(inbox.safe, 7);
  assert.deepEqual(numbers(inbox.add(report(8, 8))), [8]);
  assert.deepEqual(numbers(inbox.add(report(11, 11))), [11]);
});

// Would catch a sender that forgets a report which is lost with the leader that has not recorded it.
test('a report is safe when it and all before it are recorded', () => {
  const inbox = new ReportInbox(1);
  for (const number of [1, 2, 3]) inbox.add(report(number));
  inbox.taken(1, { kind: 'recorded', step: 4 });
  inbox.taken(2, { kind: 'stored', place: { sequence: 9 } });
  inbox.taken(3, { kind: 'over' });
  assert.equal(inbox.settle({ ...nothing, stored: 9 }), false);
  assert.equal(inbox.settle({ ...nothing, stored: 8, recordedSteps: 5 }), true);
  assert.equal(inbox.safe, 1);
  inbox.settle({ ...nothing, stored: 9, recordedSteps: 5 });
  assert.equal(inbox.safe, 2);
  inbox.settle({ stored: 9, recordedSteps: 5, over: true });
  assert.equal(inbox.safe, 3);
});
