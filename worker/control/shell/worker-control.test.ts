/** The main thread over a bus in memory: what it hears, says, and has its thread and links do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../../shared/exit-codes.js';
import { planLead } from '../../../shared/limits.js';
import { encodeLeaderMessage } from '../../../shared/messages/cluster/from-leader.js';
import { coordinatorSubject, logStream } from '../../../shared/subjects.js';
import { millis } from '../../../shared/units.js';
import { outboxReports } from '../outbox/outbox.js';
import {
  at,
  fromState,
  incarnationOf,
  lead,
  record,
  self,
} from '../situation/situation-fixture.js';
import { me, run, Stage } from './control-fixture.js';
import { permitLease } from './permit-lease.js';
import { busyNoticeAfter } from './thread-watch.js';

const seed = { kind: 'seed' as const };
const both = record(1, [0, 1], seed);
const recorded = (number: number) => ({
  heard: [{ worker: me, incarnation: incarnationOf(1), number }],
});

/** In generation 1 with worker 0: this one is rank 1 and has lanes 2 and 3. */
async function training(): Promise<Stage> {
  const stage = await Stage.open();
  await stage.lead(both);
  stage.holds(at(0));
  await stage.pass(100);
  stage.tell({ kind: 'entered', generation: 1 as never, position: at(0) });
  return stage;
}

const mayPublish = ({ permit, now }: Stage): boolean =>
  permit.allows({ monotonic: millis(now), wall: millis(now) });

// Would catch a worker that ends because it was started before its coordinator, or waits without a word.
test('it waits for a run of its job and says so once', async () => {
  const stage = new Stage();
  stage.control.start();
  await stage.pass(1000);
  assert.deepEqual(stage.news, [{ kind: 'waiting', reason: 'no run of "test" is live' }]);
  assert.equal(stage.heard.length, 0);
  await stage.describe();
  await stage.pass(200);
  assert.equal(stage.status.phase, 'preparing');
  stage.tell({ kind: 'opened' });
  await stage.pass(100);
  assert.equal(stage.status.phase, 'standing-by');
});

// Would catch a run that is resumed to be longer, and ends where it ended before: its workers read how many steps it
// had then, and finish behind them.
test('a run that goes on with another job is joined when somebody has described it', async () => {
  const stage = new Stage();
  await stage.describe('b'.repeat(64));
  stage.control.start();
  await stage.pass(1000);
  const reason = `the run ${run.run} of "test" goes on with a job that nobody has described yet`;
  assert.deepEqual(stage.news, [{ kind: 'waiting', reason }]);
  await stage.describe();
  await stage.pass(200);
  assert.equal(stage.status.phase, 'preparing');
});

// Would catch a worker that waits for ever because its coordinator did not listen yet when it asked.
test('files are asked for every half second until they come, whatever else is said', async () => {
  const stage = new Stage();
  const wanted = 'd'.repeat(64);
  stage.lacks = wanted;
  await stage.describe();
  stage.control.start();
  const asked = () => stage.heard.filter(({ kind }) => kind === 'files-wanted').length;
  await stage.pass(2100);
  assert.equal(asked(), 5);
  assert.equal(stage.statuses.length, 5);
  const files = [{ name: 'f', bytes: 1, sha256: wanted }];
  const answer = encodeLeaderMessage({ kind: 'files-published', digest: wanted, files });
  stage.leader.publish(coordinatorSubject(run), answer);
  await stage.pass(1000);
  assert.equal(asked(), 5);
  stage.tell({ kind: 'opened' });
  await stage.pass(100);
  assert.equal(stage.status.phase, 'standing-by');
});

// Would catch lanes, a writer or plans that are not those of the generation.
test('a member enters with its lanes, and gets the plans of them from its step on', async () => {
  const stage = await Stage.open();
  await stage.publish(0);
  await stage.lead(both);
  stage.holds(at(0));
  await stage.pass(200);
  const enter = stage.posted.find(({ kind }) => kind === 'enter');
  assert.ok(enter?.kind === 'enter' && enter.links !== null);
  assert.deepEqual([enter.rank, enter.shares, enter.writes], [1, [2, 2], false]);
  enter.links.close();
  assert.deepEqual(stage.plans, ['0/2', '0/3']);
  assert.equal(stage.status.phase, 'training');
});

// Would catch a leader that takes a working member for dead, or a network full of the same words.
test('the status is said at every change and every half second, and at once for a new ping', async () => {
  const stage = await training();
  await stage.publish(0);
  await stage.pass(500);
  const before = stage.statuses.length;
  await stage.pass(1000);
  assert.equal(stage.statuses.length, before + 2);
  stage.commits(0);
  assert.equal(stage.statuses.length, before + 2);
  await stage.lead(both, { ping: 7 });
  assert.equal(stage.statuses.length, before + 3);
  assert.equal(stage.status.ping, 7);
});

// Would catch a committed step that is lost on its way, or one whose plan nobody can compare.
test('a committed step is reported with its plan, until the leader has recorded it', async () => {
  const stage = await training();
  await stage.publish(0);
  stage.commits(0);
  await stage.pass(100);
  const [report] = stage.reports;
  assert.ok(report?.report.kind === 'committed');
  assert.match(report.report.planSha256, /^[0-9a-f]{64}$/);
  await stage.pass(1100);
  assert.equal(stage.reports.length, 2);
  await stage.lead(both, recorded(1));
  await stage.pass(2000);
  assert.equal(stage.reports.length, 2);
  assert.ok((stage.status.speed ?? 0) > 0);
});

// Would catch facts that are dropped, or a memory that grows, while nobody leads.
test('while its facts find no room, training gets no more plans', async () => {
  const stage = await training();
  for (let index = 0; index < outboxReports; index++) {
    stage.tell({ kind: 'notice', generation: 1 as never, text: `${index}` });
  }
  for (let step = 0; step < planLead; step++) await stage.publish(step);
  assert.deepEqual(stage.plans, []);
  await stage.lead(both, recorded(1));
  assert.equal(stage.plans.length, 2 * planLead);
});

// Would catch a survivor that is deaf to a lost peer, or says its position before it knows it.
test('a lost peer drops the links and aborts the thread in the same moment', async () => {
  const stage = await training();
  stage.trouble(1, 0);
  assert.deepEqual([stage.drops, stage.aborted], [[1], [1]]);
  await stage.pass(100);
  assert.equal(stage.status.phase, 'training');
  assert.deepEqual(stage.status.trouble, [{ worker: 'worker-0', how: 'closed', detail: 'gone' }]);
  stage.leaves(1, at(3, false));
  await stage.pass(100);
  assert.equal(stage.status.phase, 'paused');
  assert.deepEqual(stage.status.position, at(3, false));
  assert.deepEqual(stage.served.at(-1), at(3, false));
});

// Would catch a member that offers a state that is none, or goes on with it.
test('a state that is given up is offered to nobody, and an older one is looked for', async () => {
  const stage = await training();
  const error = { code: 'CHECKPOINT_LOST', message: 'gone' };
  stage.tell({ kind: 'left', how: 'lost', error, generation: 1 as never, position: at(3, false) });
  assert.deepEqual(stage.served.at(-1), null);
  await stage.pass(100);
  assert.deepEqual([stage.status.phase, stage.status.position], ['paused', null]);
  stage.checkpoint = { path: '/c/step-00000002', committedSteps: 2 };
  await stage.lead(record(2, [0, 1]));
  await stage.pass(100);
  const start = { kind: 'checkpoint', committedSteps: 2, holders: ['worker-1'] } as never;
  await stage.lead(record(2, [0, 1], start));
  assert.equal(stage.posted.at(-1)?.kind, 'load');
});

// Would catch a member that asks for plans of lanes it had, or of steps that are over.
test('in the next generation it reads the plans of its new lanes from its position on', async () => {
  const stage = await training();
  for (const step of [0, 1, 2]) await stage.publish(step);
  stage.commits(0);
  await stage.lead(record(2, [1]));
  stage.leaves(1, at(1));
  const before = stage.plans.length;
  await stage.lead(record(2, [1], fromState(at(1), 1)));
  await stage.pass(100);
  const wanted = [1, 2].flatMap((step) => [0, 1, 2, 3].map((lane) => `${step}/${lane}`));
  assert.deepEqual(stage.plans.slice(before).sort(), wanted);
  const enter = stage.posted.findLast(({ kind }) => kind === 'enter');
  assert.ok(enter?.kind === 'enter' && enter.links === null && enter.writes);
});

// Would catch a border at which the members wait for plans to be read, and lanes that are read twice.
test('the plans of a planned generation come while the one before trains, each lane once', async () => {
  const stage = await training();
  for (const step of [0, 1, 2]) await stage.publish(step);
  stage.commits(0);
  const before = stage.plans.length;
  await stage.lead(record(2, [0, 1, 2], null, { planned: true }), { recordedSteps: 1 });
  await stage.pass(100);
  assert.deepEqual(stage.prepares, [2]);
  // The second of three has lane 1 there, and had lanes 2 and 3.
  assert.deepEqual(stage.plans.slice(before).sort(), ['1/1', '2/1']);
  stage.leaves(1, at(1));
  await stage.publish(3);
  await stage.lead(record(2, [0, 1, 2], fromState(at(1), 0, 1), { planned: true }));
  await stage.pass(100);
  await stage.publish(4);
  assert.equal(stage.status.phase, 'training');
  assert.deepEqual(stage.plans.slice(before).sort(), ['1/1', '2/1', '3/1', '4/1']);
});

// Would catch a member that waits for ever for plans which it believes to be over: it was farther once.
test('who has been farther reads the plans of an older step ahead as well', async () => {
  const stage = await training();
  for (const step of [0, 1, 2, 3, 4, 5]) await stage.publish(step);
  for (const step of [0, 1, 2, 3]) stage.commits(step);
  const error = { code: 'CHECKPOINT_LOST', message: 'gone' };
  stage.tell({ kind: 'left', how: 'lost', error, generation: 1 as never, position: at(4, false) });
  // The others have gone back without it, and take it in.
  await stage.lead(record(2, [0], fromState(at(1), 0)), { recordedSteps: 1 });
  const before = stage.plans.length;
  await stage.lead(record(3, [0, 1], null, { planned: true }), { recordedSteps: 2 });
  await stage.pass(100);
  const start = record(3, [0, 1], fromState(at(2), 0), { planned: true });
  await stage.lead(start, { recordedSteps: 2 });
  await stage.endCopy({ position: at(2), header: 'h' });
  stage.holds(at(2));
  await stage.pass(100);
  assert.equal(stage.status.phase, 'training');
  const plans = new Set(stage.plans.slice(before));
  for (const step of [2, 3]) for (const lane of [2, 3]) assert.ok(plans.has(`${step}/${lane}`));
});

// Would catch a worker that takes in the plans of a whole run for a generation without it.
test('plans of a generation that never begins are not read on', async () => {
  const stage = await training();
  await stage.lead(record(2, [0, 1, 2], null, { planned: true }));
  await stage.pass(100);
  await stage.lead(record(3, [0, 2]));
  stage.leaves(1, at(0));
  const before = stage.plans.length;
  for (const step of [0, 1]) await stage.publish(step);
  await stage.pass(100);
  assert.deepEqual(stage.plans.slice(before), []);
  assert.ok(stage.drops.includes(2));
});

// Would catch a plan that is lost because what had read it was given up with it in hand.
test('plans that found no room at a border are read again behind it', async () => {
  const stage = await training();
  await stage.lead(record(2, [0, 1, 2], null, { planned: true }));
  for (let index = 0; index < outboxReports; index++) {
    stage.tell({ kind: 'notice', generation: 1 as never, text: `${index}` });
  }
  await stage.publish(0);
  assert.deepEqual(stage.plans, []);
  stage.leaves(1, at(0));
  await stage.lead(record(2, [0, 1, 2], fromState(at(0), 0, 1), { planned: true }));
  await stage.pass(100);
  await stage.lead(record(2, [0, 1, 2], fromState(at(0), 0, 1), { planned: true }), recorded(1));
  await stage.pass(100);
  assert.deepEqual(stage.plans, ['0/1']);
});

// Would catch a worker that waits for ever on a stream that is not there any more.
test('a stream that is made anew is read again', async () => {
  const stage = await training();
  await stage.publish(0);
  await stage.loseStream();
  await stage.publish(1);
  await stage.pass(200);
  assert.deepEqual(stage.plans, ['0/2', '0/3', '1/2', '1/3']);
});

// Would catch a step that is trained on another plan than the one that was published before.
test('a plan that comes again as another one ends the worker', async () => {
  const stage = await training();
  await stage.publish(0);
  await stage.loseStream();
  await stage.publish(0, 9);
  await stage.pass(200);
  assert.equal(stage.control.worker.situation.kind, 'failed');
  const failed = stage.reports.find(({ report }) => report.kind === 'failed');
  assert.ok(failed?.report.kind === 'failed' && failed.report.code === 'PLAN_MISMATCH');
});

// Would catch a worker that gives up, or forgets its plans, when its leader or the bus is away.
test('it trains on while its leader is silent and NATS is away, and tells everything afterwards', async () => {
  const stage = await training();
  await stage.publish(0);
  stage.hub.stop();
  await stage.pass(60_000);
  stage.commits(0);
  await stage.pass(1000);
  assert.equal(stage.control.worker.situation.kind, 'training');
  stage.hub.start();
  await stage.pass(1100);
  assert.equal(stage.reports.at(-1)?.report.kind, 'committed');
  assert.equal(stage.status.phase, 'training');
});

// Would catch a deposed leader that still moves workers.
test('words of an older fence and malformed ones change nothing', async () => {
  const stage = await training();
  await stage.lead(record(1, [0, 1], seed, { fence: 4 }));
  const { known } = stage.control.worker;
  await stage.lead(record(9, [1], null, { fence: 3 }), { ping: 9 });
  stage.leader.publish(coordinatorSubject(run), new Uint8Array([1, 2, 3]));
  await stage.pass(100);
  assert.equal(stage.control.worker.known, known);
  assert.equal(stage.status.ping, 0);
});

// Would catch a process that wakes up and publishes what others have published meanwhile.
test('a process that stood still may publish nothing until a word of now confirms its generation', async () => {
  const stage = await training();
  await stage.lead(both);
  assert.ok(mayPublish(stage));
  stage.now += 9000;
  assert.ok(!mayPublish(stage));
  // It was in the socket all the time.
  stage.leader.publish(coordinatorSubject(run), encodeLeaderMessage(lead(both)));
  await stage.pass(100);
  assert.ok(!mayPublish(stage));
  await stage.pass(1000);
  await stage.lead(both);
  await stage.lead(both);
  assert.ok(mayPublish(stage));
  await stage.pass(permitLease);
  assert.ok(!mayPublish(stage));
});

// Would catch a joiner whose thread gets a state that nobody offered, or that another copy brought.
test('a copy is offered, gets its room, is filled and taken', async () => {
  const stage = await Stage.open();
  await stage.lead(record(4, [0, 1], fromState(at(9), 0)));
  await stage.pass(100);
  assert.equal(stage.status.phase, 'copying');
  const [copy] = stage.copies;
  assert.ok(copy !== undefined && copy.address === 'h:1000');
  assert.deepEqual(copy.wanted, { kind: 'position', position: at(9) });
  const room = copy.room({ position: at(9), header: 'of-9' });
  assert.deepEqual(stage.posted.at(-1), {
    kind: 'copy-begin',
    position: at(9),
    header: 'of-9',
  });
  const empty = new Float32Array(new SharedArrayBuffer(4));
  const sections = { parameters: empty, firstMoments: empty, secondMoments: empty };
  stage.tell({ kind: 'copying', position: at(9), sections });
  assert.equal(await room, sections);
  await stage.endCopy({ position: at(9), header: 'of-9' });
  assert.equal(stage.orders.at(-1), 'copy-end');
  stage.holds(at(9));
  await stage.pass(100);
  assert.equal(stage.orders.at(-1), 'enter');
});

// Would catch a newcomer with a large state that is left out after ten seconds, again and again: its leader does not
// see the bytes come.
test('while bytes of a copy come, it says so twice a second', async () => {
  const stage = await Stage.open();
  await stage.lead(record(4, [0, 1], fromState(at(9), 0)));
  await stage.pass(100);
  const said = () => stage.heard.filter(({ kind }) => kind === 'progress');
  for (let piece = 0; piece < 30; piece++) {
    stage.copies[0]?.onBytes();
    await stage.pass(100);
  }
  assert.equal(said().length, 6);
  const { incarnation } = self;
  assert.deepEqual(said()[0], {
    ...{ kind: 'progress', incarnation, generation: 4, doing: 'copying', done: 0, total: 0 },
  });
  await stage.pass(3000);
  assert.equal(said().length, 6);
});

// Would catch a copy of an older generation that is taken for the one that is wanted.
test('a copy that is not wanted any more is cut, and what it still brings is nothing', async () => {
  const stage = await Stage.open();
  await stage.lead(record(4, [0, 1], fromState(at(9), 0)));
  const [old] = stage.copies;
  await stage.lead(record(5, [0, 1, 2], fromState(at(9), 0, 2)));
  assert.ok(old?.signal.aborted);
  assert.equal(stage.copies.length, 2);
  await assert.rejects(old.room({ position: at(9), header: '' }));
  await stage.endCopy(Object.assign(new Error('not yet'), { code: 'STATE_ABSENT' }));
  assert.equal(stage.status.trouble.length, 0);
  await stage.pass(700);
  assert.equal(stage.copies.length, 3);
  await stage.endCopy(new Error('closed'));
  await stage.pass(100);
  assert.deepEqual(
    stage.status.trouble.map(({ worker }) => worker),
    ['worker-2'],
  );
});

/** A newcomer, told of the generation that will take it in; worker 0 trains. */
async function newcomer(): Promise<Stage> {
  const stage = await Stage.open();
  await stage.lead(record(1, [0], { kind: 'seed' }));
  stage.tell({ kind: 'warmed', seconds: 1, problem: null });
  await stage.lead(record(2, [0, 1], null, { planned: true }), { recordedSteps: 8 });
  await stage.pass(100);
  return stage;
}

const begun = (steps: number) => record(2, [0, 1], fromState(at(steps), 0), { planned: true });

// Would catch a border at which the members wait for a dial and an index that could have been there.
test('a newcomer asks for the state that its holder stops at, and takes it if it is the start', async () => {
  const stage = await newcomer();
  const [ahead] = stage.copies;
  assert.deepEqual([ahead?.address, ahead?.wanted], ['h:1000', { kind: 'next' }]);
  assert.equal(stage.status.phase, 'paused');
  // It is there before anybody knows that it is the start: the thread takes nothing yet.
  await stage.endCopy({ position: at(9), header: 'of-9' });
  assert.equal(stage.orders.includes('copy-end'), false);
  await stage.lead(begun(9));
  assert.equal(stage.orders.at(-1), 'copy-end');
  assert.equal(stage.copies.length, 1);
  stage.holds(at(9));
  await stage.pass(100);
  assert.equal(stage.orders.at(-1), 'enter');
});

// Would catch a member with the state of another step, and one that waits for ever for a lost holder.
test('what was copied ahead and is not the start, or failed, is copied by its name', async () => {
  const other = await newcomer();
  await other.endCopy({ position: at(8), header: 'of-8' });
  await other.lead(begun(9));
  assert.deepEqual(other.copies.at(-1)?.wanted, { kind: 'position', position: at(9) });
  assert.equal(other.orders.includes('copy-end'), false);
  const failed = await newcomer();
  await failed.endCopy(new Error('closed'));
  assert.equal(failed.copies.length, 1);
  await failed.lead(begun(9));
  assert.equal(failed.copies.length, 2);
  const late = await newcomer();
  await late.lead(begun(9));
  assert.equal(late.copies.length, 1);
  await late.endCopy(new Error('closed'));
  assert.deepEqual(late.copies.at(-1)?.wanted, { kind: 'position', position: at(9) });
  assert.deepEqual(late.status.trouble, []);
});

// Would catch a socket at a holder that waits for a newcomer that nobody takes in any more.
test('what is copied ahead for a generation that never begins is given up', async () => {
  const stage = await newcomer();
  await stage.lead(record(3, [0]));
  assert.equal(stage.copies[0]?.signal.aborted, true);
});

// Would catch a state that is gone with its last holder, and a checkpoint that nobody may publish.
test('the last holder is asked to end: it writes a checkpoint, and then ends', async () => {
  const stage = await training();
  stage.control.drain();
  await stage.lead(record(2, [], null, { planned: true }));
  assert.ok(stage.orders.includes('change'));
  assert.equal(stage.status.leaving, true);
  stage.leaves(1, at(3));
  assert.equal(stage.orders.at(-1), 'save');
  assert.ok(mayPublish(stage));
  stage.tell({
    kind: 'checkpointed',
    generation: 1 as never,
    committedSteps: 3,
    path: '/c/3',
    seconds: 1,
  });
  stage.tell({ kind: 'saved', isWritten: true });
  assert.equal((await stage.control.end).code, exitCodes.stopped);
  assert.ok(!mayPublish(stage));
  assert.ok(await stage.control.close(1000));
  assert.ok(stage.terminated);
});

// Would catch a failure that the leader never hears of.
test('what the thread failed with is reported, and the worker ends with its code', async () => {
  const stage = await training();
  const failed = { code: 'NON_FINITE', message: 'the loss is NaN', stack: '', committedSteps: 0 };
  stage.tell({ kind: 'failed', ...failed });
  await stage.pass(100);
  assert.equal(stage.status.phase, 'failed');
  assert.equal(stage.control.worker.situation.kind, 'failed');
  await stage.lead(both, recorded(1));
  const end = await stage.control.end;
  assert.deepEqual(end, { code: exitCodes.training, reason: 'the loss is NaN' });
});

// Would catch a thread that ends without a word, and a process that lives on without it.
test('a thread that dies takes its worker along', async () => {
  const stage = await training();
  stage.crash(new Error('it ended'));
  await stage.pass(6000);
  assert.equal((await stage.control.end).code, exitCodes.training);
});

// Would catch a kernel that hangs for hours while everything looks alive.
test('a kernel that does not come back is named, once; where it must leave, the process is killed', async () => {
  const stage = await training();
  stage.busy = { phase: 'items', kernel: 'matmul', millis: busyNoticeAfter };
  await stage.pass(300);
  const notices = stage.news.filter(({ kind }) => kind === 'notice');
  assert.deepEqual(notices, [
    { kind: 'notice', text: 'its training thread has been in "matmul" for 60 s' },
  ]);
  await stage.lead(record(2, [1]));
  await stage.pass(60_100);
  assert.equal(stage.killed.length, 1);
});

// Would catch a member that reads a checkpoint that is not the one it was made a holder of.
test('it loads the checkpoint that it has found, and no other', async () => {
  const stage = await Stage.open();
  stage.checkpoint = { path: '/c/step-7', committedSteps: 7 };
  await stage.lead(record(1, [1]));
  await stage.pass(100);
  assert.deepEqual(stage.status.checkpoint, stage.checkpoint);
  const start = { kind: 'checkpoint' as const, committedSteps: 7, holders: [me] };
  await stage.lead(record(1, [1], start));
  assert.deepEqual(stage.posted.at(-1), {
    kind: 'load',
    from: { kind: 'checkpoint', path: '/c/step-7' },
  });
});

// Would catch a worker that was cut off when the run ended, and holds a machine for a quarter of an hour.
test('while nobody leads it looks into the log, and ends with the run', async () => {
  const stage = await training();
  await stage.logs({ kind: 'notice', text: 'nothing special' });
  await stage.pass(15_000);
  assert.equal(stage.control.worker.situation.kind, 'training');
  const message = 'the loss is NaN';
  await stage.logs({ kind: 'failed', code: 'X', message, worker: null, committedSteps: 0 });
  await stage.pass(15_000);
  const end = await stage.control.end;
  assert.deepEqual(end, { code: exitCodes.training, reason: `the run has failed: ${message}` });
});

// Would catch a run that is resumed, and whose workers end of how it ended before, since its coordinator takes longer
// to open the dataset than they wait for a word.
test('an end that stands in the log before anyone leads counts once nobody goes on with the run', async () => {
  const stage = new Stage();
  await stage.describe();
  const message = 'the loss is NaN';
  await stage.logs({ kind: 'failed', code: 'X', message, worker: null, committedSteps: 0 });
  stage.control.start();
  await stage.pass(100);
  stage.tell({ kind: 'opened' });
  for (let second = 0; second < 40; second++) {
    // As whoever holds the claim does.
    await stage.describe();
    await stage.pass(1000);
  }
  assert.equal(stage.control.worker.situation.kind, 'standing-by');
  await stage.pass(21_000);
  const end = await stage.control.end;
  assert.deepEqual(end, { code: exitCodes.training, reason: `the run has failed: ${message}` });
});

// Would catch a writer that stood still, was replaced, and publishes once more: words that waited in its sockets may
// come before its timer does.
test('who stood still may not publish by words that waited, whatever comes first', async () => {
  const stage = await training();
  await stage.lead(both);
  assert.ok(mayPublish(stage));
  stage.now += 10_000;
  for (let word = 0; word < 3; word++) await stage.lead(both);
  assert.ok(!mayPublish(stage));
  await stage.pass(1500);
  for (let word = 0; word < 3; word++) await stage.lead(both);
  assert.ok(mayPublish(stage));
});

// Would catch a worker that waits in silence for a leader of a run whose log was removed.
test('while nobody leads and the log is gone, it says so once', async () => {
  const stage = await training();
  await stage.logs({ kind: 'notice', text: 'nothing special' });
  const log = await stage.leader.openLog(logStream(run));
  await log.remove();
  await stage.pass(45_000);
  const told = stage.news.filter(({ kind }) => kind === 'notice');
  assert.equal(told.length, 1);
  assert.match(
    told[0]?.kind === 'notice' ? told[0].text : '',
    /^nobody leads the run, and its log tells nothing: .*lockstep-log-/,
  );
});

// Would catch a run that ends and leaves workers behind.
test('the end of the run ends it, and so does a bus that is lost for good', async () => {
  const over = await training();
  await over.lead(both, { over: { kind: 'finished', reason: 'all steps are done' } });
  assert.equal((await over.control.end).code, exitCodes.success);
  const lost = await training();
  lost.hub.fail();
  assert.equal((await lost.control.end).code, exitCodes.lost);
});
