import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerId } from '../../../shared/ids.js';
import { membersMax } from '../../../shared/limits.js';
import type { NumberedReport } from '../../../shared/messages/cluster/from-worker.js';
import { ReportDesk } from './report-desk.js';

const incarnation = '0123456789abcdef';

const said = (number: number): NumberedReport => ({
  kind: 'report',
  ...{ incarnation, number, oldest: 1, generation: 0 },
  report: { kind: 'notice', text: 'a word' },
});

// Would catch a lead that names more workers than a lead may, which every worker refuses: pods that come and go
// for weeks have as many names, and the run would stand still from one of them on.
test('it names as many workers as a lead may, and those that reported last', () => {
  const desk = new ReportDesk(() => ({ kind: 'now' }));
  const stays = workerId('stays');
  for (let pod = 0; pod < 3 * membersMax; pod++) {
    desk.hear(workerId(`pod-${pod}`), said(1), incarnation);
    desk.hear(stays, said(pod + 1), incarnation);
  }
  desk.settle({ stored: 0, recordedSteps: 0, over: false });
  assert.equal(desk.heard.length, membersMax);
  assert.equal(desk.heard.find(({ worker }) => worker === stays)?.number, 3 * membersMax);
  assert.ok(desk.heard.some(({ worker }) => worker === `pod-${3 * membersMax - 1}`));
});
