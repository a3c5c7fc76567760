/** Every way from one situation of a worker to another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodes } from '../../../shared/exit-codes.js';
import { workerId } from '../../../shared/ids.js';
import { millis } from '../../../shared/units.js';
import {
  copyStallLimit,
  farewellLimit,
  handOverShare,
  leaderlessLimit,
  leaderPatience,
  leaveLimit,
  leaveNoticeAfter,
  linkLimit,
  loadLimit,
  prepareLimit,
  readyLimit,
  retryInterval,
  staleWords,
  successorPatience,
  wishInterval,
} from './limits.js';
import { at, fromState, hears, incarnationOf, Play, record, self } from './situation-fixture.js';
import { statusOf } from './status-of.js';

const trouble = (worker: number) => ({
  worker: `worker-${worker}`,
  how: 'closed' as const,
  detail: 'ECONNRESET',
});

// Would catch a worker that opens the engine twice, or joins before there is a run.
test('it waits for a run, opens what the run needs, and stands by', () => {
  const play = new Play();
  assert.equal(play.kind, 'idle');
  assert.deepEqual(play.hear({ kind: 'run-found' }, { kind: 'run-found' }), ['prepare']);
  assert.equal(play.kind, 'joining');
  assert.deepEqual(play.hear({ kind: 'opened' }), []);
  assert.equal(play.kind, 'standing-by');
  assert.equal(statusOf(play.worker).generation, null);
});

// Would catch a member that trains before it has the first weights, or its links.
test('a member of the first generation loads, links and enters, in this order', () => {
  const play = Play.standingBy();
  assert.deepEqual(play.hear(hears(record(1, [0, 1]))), []);
  assert.equal(play.kind, 'paused');
  assert.deepEqual(play.hear(hears(record(1, [0, 1], { kind: 'seed' }))), ['load']);
  assert.deepEqual(play.hear({ kind: 'loaded', position: at(0) }), ['connect']);
  assert.deepEqual(play.hear({ kind: 'linked', generation: 1 }), ['renew-permit', 'enter']);
  assert.equal(play.kind, 'training');
  assert.deepEqual(statusOf(play.worker), {
    phase: 'training',
    fence: 1,
    generation: 1,
    position: at(0),
    leaving: false,
    trouble: [],
  });
});

// Would catch a member of a resumed run that computes the seed's weights, or copies what it can read.
test('a holder of the checkpoint reads it, and the others copy from a holder', () => {
  const start = { kind: 'checkpoint' as const, committedSteps: 7, holders: ['worker-0'] as never };
  const mine = { ...start, holders: ['worker-0', 'worker-1'] as never };
  const holder = Play.standingBy();
  holder.hear(hears(record(1, [0, 1], mine)));
  assert.deepEqual(holder.actions.at(-1), { kind: 'load', committedSteps: 7 });
  const other = Play.standingBy();
  other.hear(hears(record(1, [0, 1], start)));
  assert.deepEqual(other.actions.at(-2), {
    kind: 'copy',
    copy: 1,
    generation: 1,
    holder: 'worker-0',
    address: 'h:1000',
    wanted: { kind: 'checkpoint', committedSteps: 7 },
  });
  assert.deepEqual(other.hear({ kind: 'copied', copy: 1, position: at(7) }), ['connect']);
});

// Would catch a start that is chosen by the checkpoints that there were when the worker began to stand by.
test('a new member that holds nothing looks for checkpoints before it says that it is paused', () => {
  const play = Play.standingBy();
  play.looks = false;
  assert.deepEqual(play.hear(hears(record(1, [0, 1]))), ['look']);
  assert.equal(statusOf(play.worker).phase, 'preparing');
  play.hear({ kind: 'looked' });
  assert.equal(statusOf(play.worker).phase, 'paused');
  assert.deepEqual(play.hear(hears(record(1, [0, 1])), { kind: 'tick' }), []);
  assert.deepEqual(play.hear(hears(record(2, [0, 1, 2]))), ['look']);
  const holder = Play.training();
  holder.looks = false;
  holder.hear(hears(record(2, [1])), { kind: 'left', generation: 1, position: at(3) });
  assert.equal(holder.kind, 'paused');
});

// Would catch a newcomer that compares the bytes of a checkpoint for minutes while the members wait for it.
test('who looks for checkpoints copies at once where its generation starts from a state', () => {
  const play = Play.standingBy();
  play.looks = false;
  assert.deepEqual(play.hear(hears(record(1, [0, 1]))), ['look']);
  const start = record(1, [0, 1], fromState(at(9), 0));
  assert.deepEqual(play.hear(hears(start)), ['copy', 'prepare-generation']);
  assert.deepEqual(play.hear({ kind: 'looked' }), []);
  const later = Play.standingBy();
  later.looks = false;
  assert.deepEqual(later.hear(hears(start)), ['copy', 'prepare-generation']);
});

// Would catch a lost peer that leaves the others in a step that can never end.
test('a lost peer ends the step at once, and the worker says where it stopped', () => {
  const play = Play.training();
  const actions = play.hear({ kind: 'link-trouble', generation: 1, trouble: trouble(0) });
  // The permit first: nothing of what follows may be published.
  assert.deepEqual(actions, ['revoke-permit', 'drop-links', 'abort-training']);
  assert.equal(play.kind, 'withdrawing');
  assert.deepEqual(statusOf(play.worker).trouble, [trouble(0)]);
  play.hear({ kind: 'left', generation: 1, position: at(4, false) });
  assert.equal(play.kind, 'paused');
  assert.deepEqual(statusOf(play.worker).position, at(4, false));
  // The generation is spent: it must not be entered again.
  assert.deepEqual(play.hear(hears(record(1, [0, 1], { kind: 'seed' }))), []);
  assert.equal(play.kind, 'paused');
  assert.deepEqual(play.hear(hears(record(2, [1], fromState(at(4, false), 1)))), ['connect']);
});

// Would catch a leader that is never told whom the links miss, because the thread was faster.
test('trouble that comes after the thread has left is told all the same', () => {
  const play = Play.training();
  play.hear({ kind: 'left', generation: 1, position: at(4) });
  play.hear({ kind: 'link-trouble', generation: 1, trouble: trouble(0) });
  assert.equal(play.kind, 'paused');
  assert.deepEqual(statusOf(play.worker).trouble, [trouble(0)]);
});

// Would catch survivors who keep waiting for a member that only the leader knows to be gone.
test('an unplanned generation aborts the step, a planned one waits for its end', () => {
  const unplanned = Play.training();
  assert.deepEqual(unplanned.hear(hears(record(2, [1]))), [
    'revoke-permit',
    'drop-links',
    'abort-training',
  ]);
  const planned = Play.training();
  assert.deepEqual(planned.hear(hears(record(2, [0, 1, 2], null, { planned: true }))), [
    'change',
    'prepare-generation',
  ]);
  assert.equal(planned.kind, 'training');
  // Told once, however often it is said; and it may still publish meanwhile.
  assert.deepEqual(planned.hear(hears(record(2, [0, 1, 2], null, { planned: true }))), [
    'renew-permit',
  ]);
  planned.hear({ kind: 'left', generation: 1, position: at(5) });
  assert.deepEqual(statusOf(planned.worker).generation, 2);
  assert.equal(planned.kind, 'paused');
  assert.deepEqual(planned.hear(hears(record(2, [0, 1, 2], fromState(at(5), 0, 1)))), ['connect']);
});

// Would catch a member that cuts its links at the border while the end of the last step is on its way to
// a slower one: that one loses the step, and the planned change becomes a loss.
test('links of the generation before a planned border stay open until the next one has its start', () => {
  const border = () => {
    const play = Play.training();
    play.hear(hears(record(2, [0, 1, 2], null, { planned: true })));
    assert.deepEqual(
      play.hear({ kind: 'left', generation: 1, position: at(5), planned: true }),
      [],
    );
    return play;
  };
  const start = hears(record(2, [0, 1, 2], fromState(at(5), 0, 1), { planned: true }));
  assert.deepEqual(border().hear(start), ['drop-links', 'connect']);
  // Another one joins meanwhile: the others are still on their way to the border.
  assert.deepEqual(border().hear(hears(record(3, [0, 1, 2, 3], null, { planned: true }))), [
    'forget-generation',
    'prepare-generation',
  ]);
  // Somebody was lost: nobody gets there any more.
  assert.deepEqual(border().hear(hears(record(3, [1, 2]))), ['drop-links', 'forget-generation']);
  // Taken out by the change, it stands by, and the others may need it as well.
  const leaves = Play.training();
  leaves.hear(hears(record(2, [0], null, { planned: true })));
  assert.deepEqual(
    leaves.hear({ kind: 'left', generation: 1, position: at(5), planned: true }),
    [],
  );
  assert.equal(leaves.kind, 'standing-by');
  assert.deepEqual(leaves.hear(hears(record(2, [0], fromState(at(5), 0), { planned: true }))), [
    'drop-links',
  ]);
});

// Would catch a loss during a planned change that is taken for the change.
test('a loss while a change is planned, or a number that was missed, aborts', () => {
  const loss = Play.training();
  loss.hear(hears(record(2, [0, 1, 2], null, { planned: true })));
  assert.ok(loss.hear(hears(record(3, [1, 2]))).includes('abort-training'));
  const missed = Play.training();
  assert.ok(
    missed.hear(hears(record(3, [0, 1, 2], null, { planned: true }))).includes('abort-training'),
  );
  const chain = Play.training();
  chain.hear(hears(record(2, [0, 1, 2], null, { planned: true })));
  assert.deepEqual(chain.hear(hears(record(3, [0, 1, 2, 3], null, { planned: true }))), [
    'forget-generation',
    'change',
    'prepare-generation',
  ]);
});

// Would catch the word of a deposed leader, or one that came late, that moves a worker back.
test('an older fence is not heard, and nothing goes back', () => {
  const play = Play.training();
  play.hear(hears(record(1, [0, 1], { kind: 'seed' }, { fence: 3 })));
  const { known } = play.worker;
  assert.equal(known.fence, 3);
  play.hear(hears(record(9, [0], null, { fence: 2 }), { over: { kind: 'failed', reason: 'x' } }));
  assert.equal(play.worker.known, known);
  assert.equal(play.kind, 'training');
  play.hear(hears(record(1, [0, 1], null, { fence: 3 })));
  assert.deepEqual(play.worker.known.newest?.start, { kind: 'seed' });
});

// Would catch a worker that was taken for dead and goes on as if it were a member.
test('without it the newest generation fences it; it keeps its state and can be a member again', () => {
  const play = Play.training();
  assert.deepEqual(play.hear({ kind: 'woke', after: millis(9000) }), ['revoke-permit']);
  assert.deepEqual(play.hear(hears(record(2, [0], fromState(at(3), 0)))), [
    'revoke-permit',
    'drop-links',
    'abort-training',
  ]);
  assert.equal(play.kind, 'fenced');
  play.hear({ kind: 'left', generation: 1, position: at(3) });
  assert.equal(play.kind, 'standing-by');
  assert.deepEqual(statusOf(play.worker).position, at(3));
  play.hear(hears(record(3, [0, 1], null, { planned: true })));
  assert.equal(play.kind, 'paused');
});

// Would catch another process of this worker's name that is taken for it.
test('a member of its name and another incarnation is somebody else', () => {
  const play = Play.training();
  const other = record(2, [0, 1]);
  const members = other.members.map((member) => ({ ...member, incarnation: incarnationOf(7) }));
  play.hear(hears({ ...other, members }));
  assert.equal(play.kind, 'fenced');
});

// Would catch a permit that outlives its generation, or is never given back after a short standstill.
test('each lead that confirms the generation renews the permit, and no other does', () => {
  const play = Play.training();
  play.hear({ kind: 'woke', after: millis(1500) });
  // What waited in the socket meanwhile says nothing of now.
  assert.deepEqual(play.hear(hears(record(1, [0, 1], { kind: 'seed' }))), []);
  play.wait(staleWords);
  assert.deepEqual(play.hear(hears(record(1, [0, 1], { kind: 'seed' }))), ['renew-permit']);
  assert.deepEqual(play.hear(hears(null)), []);
  assert.deepEqual(Play.standingBy().hear(hears(record(1, [0]))), []);
});

// Would catch a member that asks a dead holder for ever, or a second copy that is ended by the first.
test('a copy is asked of one holder after the other, and an old one counts no more', () => {
  const play = Play.standingBy();
  play.hear(hears(record(4, [0, 1, 2], fromState(at(9), 0, 2))));
  assert.equal(play.kind, 'copying');
  const holders = () =>
    play.actions.flatMap((action) => (action.kind === 'copy' ? [action.holder] : []));
  assert.deepEqual(holders(), ['worker-2']);
  play.hear({ kind: 'copy-failed', copy: 1, early: false, detail: 'closed' });
  assert.equal(play.kind, 'paused');
  assert.deepEqual(
    statusOf(play.worker).trouble.map(({ worker }) => worker),
    ['worker-2'],
  );
  play.wait(retryInterval);
  assert.deepEqual(holders(), ['worker-2', 'worker-0']);
  assert.deepEqual(play.hear({ kind: 'copied', copy: 1, position: at(9) }), []);
  assert.deepEqual(play.wait(copyStallLimit - 10), []);
  play.hear({ kind: 'copy-moved', copy: 2 });
  assert.deepEqual(play.wait(copyStallLimit - 10), []);
  // The last holder stalls: everyone is asked again, from the first.
  assert.deepEqual(play.wait(20), ['cancel-copy']);
  play.wait(retryInterval);
  assert.deepEqual(holders(), ['worker-2', 'worker-0', 'worker-2']);
  assert.deepEqual(play.hear({ kind: 'copied', copy: 3, position: at(9) }), ['connect']);
});

// Would catch a member that takes a holder for dead who is only slower in reading the checkpoint.
test('a holder that has nothing yet is asked again and is in no trouble', () => {
  const play = Play.standingBy();
  play.hear(hears(record(4, [0, 1], fromState(at(9), 0))));
  play.hear({ kind: 'copy-failed', copy: 1, early: true, detail: 'reads it' });
  assert.deepEqual(statusOf(play.worker).trouble, []);
  assert.deepEqual(play.wait(retryInterval), ['copy']);
});

// Would catch a copy or links of a generation that nobody wants any more.
test('a newer generation ends a copy and the linking of the one before', () => {
  const copying = Play.standingBy();
  copying.hear(hears(record(4, [0, 1], fromState(at(9), 0))));
  const ends = copying.hear(hears(record(5, [1, 2])));
  assert.deepEqual(ends, ['forget-generation', 'cancel-copy']);
  assert.equal(copying.kind, 'paused');
  assert.equal(statusOf(copying.worker).position, null);
  const linking = Play.standingBy();
  linking.hear(hears(record(1, [0, 1], { kind: 'seed' })), { kind: 'loaded', position: at(0) });
  assert.deepEqual(linking.hear(hears(record(2, [0]))), ['drop-links']);
  assert.equal(linking.kind, 'standing-by');
  assert.deepEqual(linking.hear({ kind: 'linked', generation: 1 }), []);
});

// Would catch a peer that is missed without a word, or without another try.
test('links that cannot be made are told and tried again', () => {
  const play = Play.standingBy();
  play.hear(hears(record(1, [0, 1], { kind: 'seed' })), { kind: 'loaded', position: at(0) });
  const missing = { ...trouble(0), how: 'unreachable' as const };
  assert.deepEqual(play.hear({ kind: 'link-trouble', generation: 1, trouble: missing }), [
    'drop-links',
  ]);
  assert.deepEqual(statusOf(play.worker).trouble, [missing]);
  assert.deepEqual(play.wait(retryInterval), ['connect']);
  play.hear({ kind: 'linked', generation: 1 });
  assert.deepEqual(statusOf(play.worker).trouble, []);
});

// Would catch a wish to stop that is told at every lead, or not at all to who enters after it.
test('a wish to stop is told once in each generation', () => {
  const play = Play.training();
  const stopping = { stopping: true };
  const seed = { kind: 'seed' as const };
  assert.deepEqual(play.hear(hears(record(1, [0, 1], seed), stopping)), [
    'renew-permit',
    'stop-training',
  ]);
  assert.deepEqual(play.hear(hears(record(1, [0, 1], seed), stopping)), ['renew-permit']);
  play.hear(hears(record(2, [1]), stopping), { kind: 'left', generation: 1, position: at(2) });
  play.hear(hears(record(2, [1], fromState(at(2), 1)), stopping));
  assert.ok(play.hear({ kind: 'linked', generation: 2 }).includes('stop-training'));
});

// Would catch a wish for a checkpoint that is told at every lead, to who writes none, or never again where
// nothing came of it.
test('a wish for a checkpoint is told to the writer once, and again where nothing comes of it', () => {
  const wish = { checkpointWish: 4 };
  const seed = { kind: 'seed' as const };
  assert.deepEqual(Play.training().hear(hears(record(1, [0, 1], seed), wish)), ['renew-permit']);
  const writer = Play.standingBy();
  writer.hear(hears(record(1, [1, 0], seed)), { kind: 'looked' });
  writer.hear({ kind: 'loaded', position: at(0) }, { kind: 'linked', generation: 1 });
  assert.equal(writer.kind, 'training');
  const own = hears(record(1, [1, 0], seed), wish);
  assert.deepEqual(writer.hear(own), ['renew-permit', 'write-checkpoint']);
  assert.deepEqual(writer.hear(own), ['renew-permit']);
  assert.deepEqual(writer.wait(wishInterval), ['write-checkpoint']);
  assert.deepEqual(writer.hear(hears(record(1, [1, 0], seed))), ['renew-permit']);
  assert.deepEqual(writer.wait(wishInterval), []);
});

// Would catch the time of a pause in that of the step behind it.
test('the thread is told of a pause, and when it is over', () => {
  const play = Play.training();
  const seed = { kind: 'seed' as const };
  const paused = hears(record(1, [0, 1], seed), { paused: true });
  assert.deepEqual(play.hear(paused), ['renew-permit', 'tell-pause']);
  assert.deepEqual(play.hear(paused), ['renew-permit']);
  assert.deepEqual(play.hear(hears(record(1, [0, 1], seed))), ['renew-permit', 'tell-pause']);
  assert.deepEqual(play.hear(hears(record(1, [0, 1], seed))), ['renew-permit']);
});

// Would catch a drain that ends whoever comes next under the name.
test('a worker that its leader drains leaves as on SIGTERM, if it is the process that is meant', () => {
  const play = Play.training();
  const { incarnation, worker } = self;
  const seed = { kind: 'seed' as const };
  const other = [{ worker, incarnation: 'f'.repeat(16) }];
  play.hear(hears(record(1, [0, 1], seed), { draining: other }));
  assert.equal(statusOf(play.worker).leaving, false);
  play.hear(hears(record(1, [0, 1], seed), { draining: [{ worker, incarnation }] }));
  assert.equal(statusOf(play.worker).leaving, true);
});

// Would catch a thread inside a kernel that never ends, and a process that waits for it for ever.
test('a thread that does not leave is told, and then the process is killed', () => {
  const play = Play.training();
  play.hear(hears(record(2, [1])));
  assert.deepEqual(play.wait(leaveNoticeAfter), ['notice']);
  assert.deepEqual(play.wait(leaveNoticeAfter), []);
  assert.deepEqual(play.wait(leaveLimit), ['kill']);
  assert.equal(play.kind, 'over');
});

// Would catch a member that ends before the others have what only it holds.
test('a worker that is asked to end trains on until others go on without it', () => {
  const play = Play.training();
  assert.deepEqual(play.hear({ kind: 'drain' }), []);
  assert.equal(statusOf(play.worker).leaving, true);
  assert.equal(play.kind, 'training');
  play.hear(hears(record(2, [0], null, { planned: true })));
  play.hear({ kind: 'left', generation: 1, position: at(6) });
  assert.equal(play.kind, 'standing-by');
  play.hear(hears(record(2, [0], fromState(at(6), 0), { planned: true })));
  assert.deepEqual(play.worker.situation, {
    kind: 'over',
    end: { code: exitCodes.stopped, reason: 'asked to end: generation 2 goes on without it' },
  });
});

// Would catch a state that is lost with its last holder.
test('the last holder writes a checkpoint before it ends; with nothing to write it just ends', () => {
  const last = Play.training();
  last.hear({ kind: 'drain' }, hears(record(2, [], null, { planned: true })));
  assert.deepEqual(last.hear({ kind: 'left', generation: 1, position: at(6) }), [
    'drop-links',
    'save',
  ]);
  assert.equal(last.kind, 'draining');
  last.hear({ kind: 'saved', isWritten: true });
  assert.deepEqual(last.worker.situation, {
    kind: 'over',
    end: { code: exitCodes.stopped, reason: 'drained: its state is in a checkpoint' },
  });
  const idle = new Play();
  assert.deepEqual(idle.hear({ kind: 'drain' }), ['revoke-permit', 'end']);
  const standing = Play.standingBy();
  standing.hear({ kind: 'drain' });
  assert.equal(standing.kind, 'over');
});

// Would catch a worker that says of a state that it is in a checkpoint, and it is in none.
test('a state whose validation is not done is in no checkpoint, and that is said', () => {
  const play = Play.training();
  play.hear(
    { kind: 'drain' },
    hears(record(2, [], null, { planned: true }), { checkpointSteps: 4 }),
  );
  play.hear({ kind: 'left', generation: 1, position: at(6, false) });
  assert.deepEqual(play.hear({ kind: 'saved', isWritten: false }), [
    'notice',
    'revoke-permit',
    'end',
  ]);
  const { situation } = play.worker;
  assert.ok(situation.kind === 'over');
  assert.match(situation.end.reason, /6 .*is in no checkpoint, and the steps behind 4 are trained/);
});

// Would catch a checkpoint that each of a hundred members writes within the same grace, and a state that is
// lost because the one who was to write it did not come to that.
test('of those who leave together one writes the checkpoint, and the others wait until it is recorded', () => {
  const together = () => {
    const play = Play.training();
    const none = { ...record(2, [], null, { planned: true }), writer: workerId('worker-0') };
    play.hear({ kind: 'drain' }, hears(none));
    assert.deepEqual(play.hear({ kind: 'left', generation: 1, position: at(6) }), ['drop-links']);
    return { play, none };
  };
  const waits = together();
  assert.deepEqual(waits.play.wait(leaderPatience - 100), []);
  waits.play.hear(hears(waits.none));
  assert.deepEqual(waits.play.wait(leaderPatience - 100), []);
  waits.play.hear(hears(waits.none, { checkpointSteps: 5 }));
  assert.equal(waits.play.kind, 'standing-by');
  waits.play.hear(hears(waits.none, { checkpointSteps: 6 }));
  assert.deepEqual(waits.play.worker.situation, {
    kind: 'over',
    end: { code: exitCodes.stopped, reason: 'asked to end: its state is in a checkpoint' },
  });
  const late = together();
  const heard: string[] = [];
  for (let waited = 0; waited < self.grace * handOverShare; waited += 1000) {
    heard.push(...late.play.wait(1000), ...late.play.hear(hears(late.none)));
  }
  assert.ok(heard.includes('save'));
  assert.equal(late.play.kind, 'draining');
});

// Would catch the only worker that ends before one that stands by has its state, or waits for nobody.
test('the only member waits a moment for a successor, then writes its checkpoint', () => {
  const alone = () => {
    const play = Play.training();
    play.hear(hears(record(2, [1])), { kind: 'left', generation: 1, position: at(3) });
    play.hear(hears(record(2, [1], fromState(at(3), 1))), { kind: 'linked', generation: 2 });
    play.hear({ kind: 'drain' });
    return play;
  };
  const last = alone();
  assert.deepEqual(last.wait(successorPatience - 100), []);
  assert.ok(last.wait(200).includes('abort-training'));
  assert.ok(last.hear({ kind: 'left', generation: 2, position: at(5) }).includes('save'));
  const followed = alone();
  followed.hear(hears(record(3, [1, 2], null, { planned: true })));
  assert.deepEqual(followed.wait(successorPatience), []);
});

// Would catch members that wait for most of their grace because their coordinators were deleted with them.
test('whoever no leader speaks to for a few seconds writes its checkpoint itself', () => {
  const play = Play.training();
  play.hear({ kind: 'drain' });
  assert.deepEqual(play.wait(leaderPatience - 100), []);
  assert.deepEqual(play.readsLog(null), []);
  assert.ok(play.wait(200).includes('abort-training'));
  assert.ok(play.hear({ kind: 'left', generation: 1, position: at(6) }).includes('save'));
  assert.ok(play.wait(self.grace).includes('end'));
  // Silence before the wish counts for nothing: a leader may just be giving way to the next one.
  const later = Play.training();
  later.wait(leaderPatience);
  assert.deepEqual(later.hear({ kind: 'drain' }), []);
  later.wait(leaderPatience - 100);
  assert.deepEqual(later.readsLog(1), []);
});

// Would catch a member that was cut off and writes a checkpoint where others have gone on since.
test('it does so only where the log has just said that nobody went on without it', () => {
  const unread = Play.training();
  unread.hear({ kind: 'drain' });
  assert.deepEqual(unread.wait(leaderPatience + 1000), []);
  const old = Play.training();
  old.hear({ kind: 'drain' });
  old.readsLog(1);
  assert.deepEqual(old.wait(leaderPatience), []);
  const left = Play.training();
  left.hear({ kind: 'drain' });
  left.wait(leaderPatience);
  assert.ok(left.readsLog(2).includes('abort-training'));
  assert.ok(!left.hear({ kind: 'left', generation: 1, position: at(6) }).includes('save'));
  assert.deepEqual(left.worker.situation, {
    kind: 'over',
    end: { code: exitCodes.stopped, reason: 'asked to end: generation 2 goes on without it' },
  });
});

// Would catch a supervisor that kills a worker which waits for a leader that does nothing.
test('where a leader does nothing it writes a checkpoint itself after half of its grace', () => {
  const play = Play.training();
  play.hear({ kind: 'drain' });
  const heard: string[] = [];
  const speak = (long: number): void => {
    for (let waited = 0; waited < long; waited += 1000) {
      heard.push(...play.wait(1000), ...play.hear(hears(record(1, [0, 1], { kind: 'seed' }))));
    }
  };
  speak(12_000);
  assert.equal(heard.includes('abort-training'), false);
  speak(1000);
  assert.ok(heard.includes('abort-training'));
});

// Would catch a grace that begins anew with each repeated wish, and an order to end that is not heard.
test('the wish to end may be repeated; told to abort, it ends at once', () => {
  const play = Play.training();
  play.hear({ kind: 'drain' });
  const { leavingSince } = play.worker.known;
  play.hear({ kind: 'drain' });
  assert.equal(play.worker.known.leavingSince, leavingSince);
  assert.deepEqual(play.hear({ kind: 'abort', reason: 'x' }), ['revoke-permit', 'end']);
  assert.deepEqual(play.worker.situation, { kind: 'over', end: { code: 4, reason: 'x' } });
});

// Would catch a finished worker that takes its state with it while others still evaluate.
test('finished, it keeps its state until the run is over, and goes along again where it must', () => {
  const play = Play.training();
  play.hear(
    { kind: 'moved', position: at(20) },
    { kind: 'finished', generation: 1, stopped: false },
    { kind: 'left', generation: 1, position: at(20) },
  );
  assert.deepEqual(play.wait(100_000), []);
  assert.equal(play.kind, 'finished');
  play.hear(hears(record(2, [1, 2])));
  assert.equal(play.kind, 'paused');
  play.hear(hears(record(2, [1, 2], fromState(at(20), 1))), { kind: 'linked', generation: 2 });
  play.hear({ kind: 'finished', generation: 2, stopped: false });
  play.hear(
    hears(record(2, [1, 2], fromState(at(20), 1)), { over: { kind: 'finished', reason: '' } }),
  );
  const { situation } = play.worker;
  assert.ok(situation.kind === 'over' && situation.end.code === exitCodes.success);
});

// Would catch exit codes that a supervisor takes for something else.
test('the end of the run is the end of the worker', () => {
  const codes = {
    finished: exitCodes.success,
    stopped: exitCodes.stopped,
    failed: exitCodes.training,
  };
  for (const kind of ['finished', 'stopped', 'failed'] as const) {
    const play = Play.training();
    play.hear(hears(null, { over: { kind, reason: 'a reason' } }));
    const { situation } = play.worker;
    assert.ok(situation.kind === 'over' && situation.end.code === codes[kind], kind);
  }
});

// Would catch a failure that ends the process before anyone has heard of it, or keeps it for ever.
test('a failed worker stays until its failure is recorded, or a moment', () => {
  const failed = {
    kind: 'failed',
    end: { code: exitCodes.training, reason: 'the loss of step 3 is NaN' },
  } as const;
  const heard = Play.training();
  assert.deepEqual(heard.hear(failed), ['revoke-permit']);
  assert.deepEqual(heard.hear({ kind: 'failure-heard' }), ['revoke-permit', 'end']);
  assert.deepEqual(heard.worker.situation, { kind: 'over', end: failed.end });
  const alone = Play.training();
  alone.hear(failed);
  assert.ok(alone.wait(farewellLimit).includes('end'));
  const over = Play.training();
  over.hear(failed, hears(null, { over: { kind: 'failed', reason: 'x' } }));
  assert.deepEqual(over.worker.situation, { kind: 'over', end: failed.end });
});

// Would catch a wait that nothing ends.
test('every wait ends by itself', () => {
  const joining = new Play();
  joining.hear({ kind: 'run-found' }, hears(null));
  const loading = Play.standingBy();
  loading.hear(hears(record(1, [0, 1], { kind: 'seed' })));
  for (const [play, limit] of [
    [joining, prepareLimit],
    [loading, loadLimit],
    [Play.training(), leaderlessLimit],
    [Play.standingBy(), leaderlessLimit],
    [new Play(), leaderlessLimit],
  ] as const) {
    play.wait(limit);
    const { situation } = play.worker;
    assert.ok(situation.kind === 'over' && situation.end.code === exitCodes.lost, play.kind);
  }
  const linking = Play.standingBy();
  linking.hear(hears(record(1, [0, 1], { kind: 'seed' })), { kind: 'loaded', position: at(0) });
  for (let waited = 0; waited < readyLimit; waited += leaderlessLimit / 2) {
    linking.hear(hears(null));
    assert.deepEqual(linking.wait(leaderlessLimit / 2), []);
  }
  assert.deepEqual(linking.wait(linkLimit), ['drop-links', 'connect']);
});
