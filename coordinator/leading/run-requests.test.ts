import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { MemoryHub } from '../../shared/bus-memory.js';
import { stopRequestInterval } from '../../shared/limits.js';
import { type ControlMessage, decodeControl } from '../../shared/messages/cluster/control.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import { controlSubject } from '../../shared/subjects.js';
import { run, settle } from '../run-fixture.js';
import { answerTimeout, RunRequests } from './run-requests.js';

beforeEach(() => mock.timers.enable({ apis: ['setInterval', 'setTimeout'] }));
afterEach(() => mock.timers.reset());

/** The dashboard of a coordinator that stands by, and what whoever leads hears of it. */
function standby() {
  const hub = new MemoryHub();
  const bus = hub.open();
  const requests = new RunRequests(bus, run);
  const heard: ControlMessage[] = [];
  hub.open().subscribe(controlSubject(run), (data) => heard.push(decodeControl(data)));
  const log = (entry: Happening): void =>
    requests.see({ fence: 1, time: '2026-01-02T03:04:05.678Z', entry });
  return { bus, requests, heard, log };
}

const idOf = (message: ControlMessage | undefined): string =>
  message !== undefined && 'id' in message ? message.id : '';

// Would catch a request that is lost with a leader that was just being replaced.
test('a request is said again until the log has the answer to it, and not to another one', async () => {
  const { heard, log, requests } = standby();
  const asked = requests.ask({ kind: 'pause' }, 'Ann (dashboard)');
  await settle();
  mock.timers.tick(3 * stopRequestInterval);
  await settle();
  const id = idOf(heard[0]);
  assert.deepEqual(heard[0], { kind: 'pause', by: 'Ann (dashboard)', id });
  assert.equal(heard.length, 4);
  assert.equal(new Set(heard.map(idOf)).size, 1);
  log({ kind: 'paused', by: 'somebody else', id: 'f'.repeat(16), committedSteps: 7, standsAt: 9 });
  log({ kind: 'paused', by: 'Ann (dashboard)', id, committedSteps: 8, standsAt: 12 });
  assert.deepEqual(await asked, {
    kind: 'taken',
    text: 'paused by Ann (dashboard) after step 12',
  });
  mock.timers.tick(10 * stopRequestInterval);
  await settle();
  assert.equal(heard.length, 4);
});

test('what a leader refuses is told with its reason', async () => {
  const { heard, log, requests } = standby();
  const asked = requests.ask({ kind: 'drain', worker: 'worker-1' }, 'Ann');
  await settle();
  const request = heard[0];
  assert.ok(request?.kind === 'drain' && request.worker === 'worker-1');
  const reason = 'nobody else could train';
  log({ kind: 'refused-request', by: 'Ann', id: request.id, request: 'drain', reason });
  assert.deepEqual(await asked, { kind: 'refused', text: reason });
});

test('a stop is answered by the entry that says it, whoever asked first', async () => {
  const { heard, log, requests } = standby();
  const asked = requests.ask({ kind: 'stop' }, 'Ann');
  await settle();
  assert.deepEqual(heard, [{ kind: 'stop', by: 'Ann' }]);
  log({ kind: 'stopping', by: 'Bob' });
  assert.deepEqual(await asked, { kind: 'taken', text: 'Bob asks the run to stop' });
});

// Would catch a page that waits for ever, and a process that cannot end because of it.
test('where nobody answers, the run ends, or the bus is gone, the answer says so', async () => {
  const { bus, heard, log, requests } = standby();
  const silent = requests.ask({ kind: 'checkpoint' }, 'Ann');
  mock.timers.tick(answerTimeout);
  assert.equal((await silent).kind, 'unanswered');
  const late = requests.ask({ kind: 'checkpoint' }, 'Ann');
  log({ kind: 'failed', code: 'X', message: 'x', worker: null, committedSteps: 1 });
  assert.deepEqual(await late, { kind: 'refused', text: 'the run has ended meanwhile' });
  const closed = requests.ask({ kind: 'checkpoint' }, 'Ann');
  requests.close();
  assert.equal((await closed).kind, 'unanswered');
  await settle();
  const said = heard.length;
  await bus.close();
  assert.equal((await requests.ask({ kind: 'checkpoint' }, 'Ann')).kind, 'unanswered');
  assert.equal(heard.length, said);
});
