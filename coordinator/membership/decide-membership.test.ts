import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, Cluster, incarnationOf, trainingCluster } from './cluster-fixture.js';
import { loadTimeout } from './limits.js';

const text = (decision: { kind: string; reason?: string }) => `${decision.kind} ${decision.reason}`;

// Would catch a run that begins with whoever is first, and joins the others a border later each.
test('a run that begins waits for its replicas, and some time for the last ones', () => {
  const cluster = new Cluster({ replicas: 3, min: 2 });
  assert.match(text(cluster.act()), /^wait 0 of at least 2 workers$/);
  cluster.say('w1');
  cluster.say('w10');
  assert.match(text(cluster.act()), /^wait 2 of 3 workers/);
  cluster.say('w9', { phase: 'preparing' });
  cluster.pass(20_000);
  assert.match(text(cluster.act()), /^wait 2 of 3 workers/);
  cluster.say('w9', { phase: 'standing-by' });
  assert.equal(cluster.act().kind, 'form');
  // Numbers in names count as numbers, and lanes are dealt in that order.
  assert.deepEqual(cluster.members, ['w1', 'w9', 'w10']);
  assert.deepEqual(
    cluster.record.members.map(({ lanes }) => lanes),
    [2, 3, 3],
  );
  assert.equal(cluster.record.writer, 'w1');
});

// Would catch a run that waits for ever for a worker that never comes.
test('a run goes on with fewer than its replicas when its patience ends', () => {
  const cluster = new Cluster({ replicas: 3, min: 1 });
  cluster.say('w0');
  cluster.pass(9900);
  assert.equal(cluster.act().kind, 'wait');
  cluster.pass(200);
  assert.equal(cluster.act().kind, 'form');
});

// Would catch members that train on, unheard, when a stranger has removed the record of their generation.
test('who has a state is a member again where the record of the generation is lost', () => {
  const cluster = new Cluster({ replicas: 2, min: 1 });
  for (const worker of ['w0', 'w1']) {
    cluster.say(worker, { phase: 'training', generation: 7, position: at(12) });
  }
  assert.equal(cluster.act().kind, 'form');
  assert.equal(cluster.record.generation, 8);
  assert.equal(cluster.record.planned, false);
});

// Would catch a generation that starts from the seed although a member holds a state.
test('a new generation starts where the farthest member is, and the others copy from it', () => {
  const cluster = trainingCluster(3);
  cluster.say('w2', { phase: 'failed' });
  const decision = cluster.act();
  assert.ok(decision.kind === 'form' && !decision.record.planned && decision.cause === 'lost');
  assert.deepEqual([cluster.members, decision.workers], [['w0', 'w1'], ['w2']]);
  assert.equal(cluster.record.start, null);
  const generation = cluster.record.generation;
  cluster.say('w0', { phase: 'paused', generation, position: at(7, 0, false) });
  assert.match(text(cluster.act()), /waits for w1/);
  cluster.say('w1', { phase: 'paused', generation, position: at(7) });
  cluster.act();
  assert.deepEqual(cluster.record.start, { kind: 'state', position: at(7), holders: ['w1'] });
});

// Would catch a start whose steps could never stand in the log, because their only witness dies.
test('a start waits until the steps before it have been reported', () => {
  const cluster = trainingCluster(2);
  cluster.say('w1', { phase: 'failed' });
  cluster.act();
  cluster.facts = { ...cluster.facts, reportedSteps: 6 };
  const paused = { phase: 'paused', generation: cluster.record.generation } as const;
  cluster.say('w0', { ...paused, position: at(7) });
  assert.match(text(cluster.act()), /^nothing reports of the steps/);
  cluster.facts = { ...cluster.facts, reportedSteps: 7 };
  assert.equal(cluster.act().kind, 'start');
});

// Would catch a run of which everyone was lost beginning at the seed, or at a stranger's checkpoint.
test('without a state the newest checkpoint counts, unless the run must begin at the seed', () => {
  for (const [fromSeed, hasTrained, kind] of [
    [false, true, 'checkpoint'],
    [true, true, 'checkpoint'],
    [true, false, 'seed'],
  ] as const) {
    const cluster = new Cluster();
    cluster.facts = { ...cluster.facts, fromSeed, hasTrained };
    cluster.say('w0', { checkpoint: { path: '/c/8', committedSteps: 8 } });
    cluster.say('w1', { checkpoint: { path: '/c/9', committedSteps: 9 } });
    cluster.act();
    cluster.train();
    assert.equal(cluster.record.start?.kind, kind);
    if (cluster.record.start?.kind === 'checkpoint') {
      assert.deepEqual(cluster.record.start.holders, ['w1']);
    }
  }
});

// Would catch training that stands still below its minimum without a word, or goes on.
test('below its minimum a run pauses, says so, and goes on when somebody comes', () => {
  const cluster = trainingCluster(2, { min: 2 });
  cluster.pass(2100, ['w1']);
  assert.equal(cluster.act().kind, 'form');
  const paused = { phase: 'paused', generation: cluster.record.generation } as const;
  cluster.say('w0', { ...paused, position: at(5) });
  assert.match(text(cluster.act()), /^wait 1 of at least 2 workers/);
  assert.equal(cluster.record.start, null);
  cluster.say('w7');
  const decision = cluster.act();
  assert.equal(decision.kind === 'form' && decision.cause, 'joined');
  assert.deepEqual(cluster.members, ['w0', 'w7']);
  cluster.train(at(5), { w7: at(0) });
  assert.deepEqual(cluster.record.start, { kind: 'state', position: at(5), holders: ['w0'] });
});

// Would catch a generation with the one who was lost, because others who gave up for its sake closed their
// links too and had answered first: two seconds pass until it is taken for silent.
test('links that break between the living wait for the answer of whoever is asked as well', () => {
  const closed = { how: 'closed', detail: '' } as const;
  const cluster = trainingCluster(3);
  cluster.say('w0', { trouble: [{ worker: 'w2', ...closed }] });
  cluster.say('w1', { trouble: [{ worker: 'w0', ...closed }] });
  assert.equal(cluster.act().kind, 'ping');
  for (const name of ['w0', 'w1']) cluster.say(name, { ping: cluster.memory.ping });
  assert.equal(cluster.act().kind, 'nothing');
  cluster.pass(200, ['w2']);
  const decision = cluster.act();
  assert.ok(decision.kind === 'form' && decision.cause === 'lost');
  assert.deepEqual(cluster.members, ['w0', 'w1']);
});

// Would catch a member that is declared dead for a link's sake, and one that is waited for in vain.
test('a member that peers lost is asked, and is gone if it does not answer', () => {
  const closed = { how: 'closed', detail: '' } as const;
  const cluster = trainingCluster(3);
  cluster.say('w0', { trouble: [{ worker: 'w2', ...closed }] });
  const ping = cluster.act();
  assert.deepEqual(ping.kind === 'ping' && ping.suspects, ['w2']);
  assert.equal(cluster.act().kind, 'nothing');
  cluster.pass(200, ['w2']);
  const decision = cluster.act();
  assert.ok(decision.kind === 'form' && decision.cause === 'lost');
  assert.deepEqual(cluster.members, ['w0', 'w1']);
});

// Would catch members that wait twice for the links of a newcomer behind a firewall, and again every 20 s.
test('a newcomer that cannot be linked to is left out at its first border, and longer each time', () => {
  const cluster = trainingCluster(2);
  cluster.say('w2');
  const comes = (): void => {
    cluster.pass(1000);
    assert.equal(cluster.act().kind, 'form');
    assert.deepEqual(cluster.members, ['w0', 'w1', 'w2']);
    const { generation } = cluster.record;
    for (const name of cluster.members) {
      cluster.say(name, { phase: 'paused', generation, position: at(3), trouble: [] });
    }
    assert.equal(cluster.act().kind, 'start');
    cluster.say('w1', { trouble: [{ worker: 'w2', how: 'unreachable', detail: '' }] });
    assert.equal(cluster.act().kind, 'ping');
    cluster.say('w2', { ping: cluster.memory.ping });
    const mended = cluster.act();
    assert.deepEqual(mended.kind === 'form' && mended.leaveOut, ['w2']);
    assert.deepEqual(cluster.members, ['w0', 'w1']);
    cluster.train(at(3));
    cluster.say('w2', { phase: 'standing-by', generation: null, trouble: [] });
  };
  for (const seconds of [20, 40, 80]) {
    comes();
    cluster.pass((seconds - 3) * 1000);
    assert.equal(cluster.act().kind, 'nothing', `${seconds} s`);
    cluster.pass(2000);
  }
});

// Would catch a pair that breaks its link again and again and takes everyone with it.
test('links that broke between living members are mended once; then somebody is left out', () => {
  const cluster = trainingCluster(3);
  const breakLinks = () => {
    cluster.say('w0', { trouble: [{ worker: 'w1', how: 'closed', detail: '' }] });
    assert.equal(cluster.act().kind, 'ping');
    cluster.say('w1', { ping: cluster.memory.ping });
    return cluster.act();
  };
  const first = breakLinks();
  assert.ok(first.kind === 'form' && first.cause === 'link' && !first.record.planned);
  assert.deepEqual(cluster.members, ['w0', 'w1', 'w2']);
  cluster.train(at(3));
  cluster.pass(500);
  const second = breakLinks();
  assert.deepEqual(second.kind === 'form' && second.leaveOut, ['w1']);
  assert.deepEqual(cluster.members, ['w0', 'w2']);
  cluster.train(at(4));
  cluster.say('w1', { phase: 'standing-by', generation: null });
  cluster.pass(15_000);
  assert.equal(cluster.act().kind, 'nothing');
  cluster.pass(6000);
  assert.deepEqual(cluster.act().kind, 'form');
  assert.deepEqual(cluster.members, ['w0', 'w1', 'w2']);
});

// Would catch a change for each of several joiners, and one while another is under way.
test('those that come within a moment join together, at the end of a step', () => {
  const cluster = trainingCluster(2, { max: 4 });
  cluster.say('w3');
  cluster.say('w4', { phase: 'preparing' });
  cluster.pass(900);
  assert.equal(cluster.act().kind, 'nothing');
  cluster.say('w4', { phase: 'standing-by' });
  cluster.say('w5');
  cluster.pass(200);
  const decision = cluster.act();
  assert.ok(decision.kind === 'form' && decision.record.planned && decision.cause === 'joined');
  // The fifth is a spare.
  assert.deepEqual(cluster.members, ['w0', 'w1', 'w3', 'w4']);
  cluster.pass(5000);
  assert.equal(cluster.act().kind, 'nothing');
});

// Would catch a joiner that waits for nobody, and one that waits for ever for a process that never opens.
test('who stands by waits a second for those that prepare, and a moment where nobody does', () => {
  const alone = trainingCluster(2, { max: 4 });
  alone.say('w3');
  alone.pass(200);
  assert.equal(alone.act().kind, 'nothing');
  alone.pass(100);
  assert.equal(alone.act().kind, 'form');
  const waiting = trainingCluster(2, { max: 4 });
  waiting.say('w3');
  waiting.say('w4', { phase: 'preparing' });
  waiting.pass(1100);
  assert.equal(waiting.act().kind, 'form');
  assert.deepEqual(waiting.members, ['w0', 'w1', 'w3']);
});

// Would catch a joiner that is killed as it joins and stops those that train.
test('a joiner that dies while it joins aborts nothing; a member that dies meanwhile does', () => {
  for (const [dies, planned] of [
    ['w2', true],
    ['w1', false],
  ] as const) {
    const cluster = trainingCluster(2);
    cluster.say('w2');
    cluster.pass(1100);
    assert.equal(cluster.act().kind, 'form');
    cluster.pass(2100, [dies]);
    const decision = cluster.act();
    assert.equal(decision.kind === 'form' && decision.record.planned, planned);
    assert.ok(!cluster.members.includes(dies));
  }
});

// Would catch a spare that is kept back while a member is missing.
test('a spare takes the place of who was lost in the same change', () => {
  const cluster = trainingCluster(2, { max: 2 });
  cluster.say('w2');
  cluster.pass(3000);
  assert.equal(cluster.act().kind, 'nothing');
  cluster.say('w0', { phase: 'failed' });
  cluster.act();
  assert.deepEqual(cluster.members, ['w1', 'w2']);
  assert.equal(cluster.record.writer, 'w1');
});

// Would catch a drained worker that is thrown out in the middle of a step, or never let go.
test('who leaves stays until the step ends; the last one ends by itself', () => {
  const cluster = trainingCluster(2);
  cluster.say('w0', { leaving: true });
  const decision = cluster.act();
  assert.ok(decision.kind === 'form' && decision.record.planned && decision.cause === 'left');
  assert.deepEqual(cluster.members, ['w1']);
  cluster.train(at(4));
  cluster.say('w1', { leaving: true });
  assert.equal(cluster.act().kind, 'form');
  assert.deepEqual(cluster.members, []);
  cluster.say('w0', { position: null });
  // It writes its checkpoint; whoever comes meanwhile would begin at an older one.
  cluster.say('w5', { generation: null, position: null });
  assert.match(text(cluster.act()), /^wait w1 writes a checkpoint/);
  cluster.pass(2100, ['w1']);
  assert.equal(cluster.act().kind, 'form');
  assert.deepEqual(cluster.members, ['w5']);
});

// Would catch members that all write the same checkpoint, or of which none does.
test('where all leave together, the writer of before writes down what they hold', () => {
  const cluster = trainingCluster(2);
  for (const name of ['w0', 'w1']) cluster.say(name, { leaving: true });
  cluster.act();
  assert.deepEqual([cluster.members, cluster.record.writer], [[], 'w0']);
});

// Would catch the only holder of a state that is let go before somebody has it too.
test('who leaves alone takes whoever stands by in first', () => {
  const cluster = trainingCluster(1);
  cluster.say('w1');
  cluster.say('w0', { leaving: true });
  assert.equal(cluster.act().kind, 'nothing');
  cluster.pass(1100);
  assert.equal(cluster.act().kind, 'form');
  assert.deepEqual(cluster.members, ['w0', 'w1']);
});

// Would catch a death that is noticed by its silence only, where a member has stopped because of it.
test('when a member leaves its generation, the others are asked whether they live', () => {
  const cluster = trainingCluster(2);
  const { generation } = cluster.record;
  cluster.say('w0', { phase: 'paused', generation, position: at(3) });
  assert.equal(cluster.act().kind, 'ping');
  cluster.pass(200, ['w1']);
  const decision = cluster.act();
  assert.deepEqual(decision.kind === 'form' && [decision.cause, decision.workers], [
    'lost',
    ['w1'],
  ]);
});

// Would catch a state that is lost with the one who leaves, while the one who joins has none yet.
test('the only holder of a state stays until whoever joins has it', () => {
  const cluster = trainingCluster(1);
  cluster.say('w1');
  cluster.pass(1100);
  assert.equal(cluster.act().kind, 'form');
  cluster.say('w0', { leaving: true });
  assert.equal(cluster.act().kind, 'nothing');
  cluster.train(at(5), { w1: null });
  assert.equal(cluster.act().kind, 'form');
  assert.deepEqual(cluster.members, ['w1']);
});

// Would catch recorded steps that are trained again, because a former member's old state was enough.
test('who joins with an old state takes over the newer one before its holder leaves', () => {
  const cluster = trainingCluster(1);
  cluster.say('w1', { position: at(2) });
  cluster.pass(1100);
  assert.equal(cluster.act().kind, 'form');
  const { generation } = cluster.record;
  cluster.say('w1', { phase: 'paused', generation, position: at(2) });
  cluster.say('w0', {
    phase: 'training',
    generation: generation - 1,
    position: at(5),
    leaving: true,
  });
  assert.notEqual(cluster.act().kind, 'form');
  assert.deepEqual(cluster.members, ['w0', 'w1']);
});

// Would catch a hole in the ledger: steps that all who trained them took along before a leader heard.
test('a checkpoint of steps that nobody has reported is none', () => {
  const newest = { path: '/step-5', committedSteps: 5 };
  const startOf = (reportedSteps: number, hasTrained: boolean) => {
    const cluster = new Cluster({ replicas: 1 });
    cluster.facts = { ...cluster.facts, reportedSteps, hasTrained };
    cluster.say('w0');
    cluster.act();
    const { generation } = cluster.record;
    cluster.say('w0', { phase: 'paused', generation, checkpoint: newest });
    cluster.act();
    return cluster.record.start?.kind;
  };
  assert.equal(startOf(4, true), 'seed');
  assert.equal(startOf(5, true), 'checkpoint');
  assert.equal(startOf(0, false), 'checkpoint');
});

// Would catch members that wait for ever because one of them cannot enter its generation again.
test('a member that has left its generation without a word of its peers gets another one', () => {
  const cluster = trainingCluster(2);
  const { generation } = cluster.record;
  cluster.say('w1', { phase: 'paused', generation, position: at(3) });
  assert.equal(cluster.act().kind, 'ping');
  cluster.say('w0', { ping: cluster.memory.ping });
  const decision = cluster.act();
  assert.ok(decision.kind === 'form' && decision.record.generation === generation + 1);
  assert.deepEqual(cluster.members, ['w0', 'w1']);
});

// Would catch a restarted process that is taken for the member whose name it has, and the other way round.
test('a process of a member that was started again replaces it, and joins as another one', () => {
  const cluster = trainingCluster(2);
  const old = { incarnation: incarnationOf(1), phase: 'training' } as const;
  const again = { phase: 'preparing', generation: null, position: null } as const;
  cluster.say('w1', { incarnation: incarnationOf(2), ...again });
  cluster.act();
  assert.deepEqual(cluster.members, ['w0']);
  // The old one wakes up: nobody listens.
  cluster.say('w1', { ...old, generation: 1 });
  assert.equal(cluster.memory.workers.get('w1' as never)?.status.incarnation, incarnationOf(2));
});

// Would catch a copy that ends by a constant although it moves, and one that hangs for ever.
test('a member that copies has time as long as it moves', () => {
  const cluster = trainingCluster(2);
  cluster.say('w2');
  cluster.pass(1100);
  cluster.act();
  cluster.train(at(9));
  cluster.say('w2', { phase: 'copying' });
  for (let second = 0; second < 60; second++) {
    cluster.pass(1000);
    cluster.memory.heardFrom(cluster.now, 'w2' as never, incarnationOf(1), true);
    assert.equal(cluster.act().kind, 'nothing');
  }
  cluster.pass(10_100);
  const decision = cluster.act();
  assert.ok(decision.kind === 'form' && decision.leaveOut.includes('w2' as never));
  assert.match(decision.record.reason, /w2 got nothing for 10000 ms/);
});

// Would catch members that a new leader drops because it has not heard them yet.
test('a leader that has just begun waits for every member to be heard', () => {
  const before = trainingCluster(3);
  const cluster = new Cluster({}, before.record);
  const trains = { phase: 'training', generation: before.record.generation } as const;
  cluster.say('w0', trains);
  cluster.say('w1', { incarnation: incarnationOf(5) });
  assert.match(text(cluster.decide()), /not heard yet: w2/);
  cluster.say('w2', trains);
  cluster.act();
  assert.deepEqual(cluster.members, ['w0', 'w1', 'w2']);
});

// Would catch lanes that are dealt at every look, or never.
test('lanes are dealt by speed where it is wished, at most once a minute', () => {
  const cluster = trainingCluster(2, { shares: 'speed' });
  cluster.say('w0', { speed: 30 });
  cluster.say('w1', { speed: 10 });
  cluster.pass(61_000);
  const decision = cluster.act();
  assert.ok(decision.kind === 'form' && decision.record.planned && decision.dealt);
  assert.deepEqual(
    cluster.record.members.map(({ lanes }) => lanes),
    [6, 2],
  );
  cluster.train(at(9));
  cluster.say('w0', { speed: 10 });
  cluster.say('w1', { speed: 30 });
  cluster.pass(50_000);
  assert.equal(cluster.act().kind, 'nothing');
});

// Would catch a joiner that holds up the evaluation at the end.
test('nobody joins a run that ends', () => {
  const cluster = trainingCluster(2);
  cluster.say('w0', { phase: 'finished' });
  cluster.say('w9');
  cluster.pass(5000);
  assert.equal(cluster.act().kind, 'nothing');
});

// Would catch a run of which everyone was lost, and that begins anew at the seed: the one who has the checkpoint
// compares its bytes for longer than others need to find that they have none.
test('who looks for its checkpoint is waited for, as long as reading one may take', () => {
  const cluster = new Cluster({ replicas: 2 });
  for (const name of ['w0', 'w1']) cluster.say(name);
  assert.equal(cluster.act().kind, 'form');
  const { generation } = cluster.record;
  cluster.say('w0', { phase: 'preparing', generation });
  cluster.say('w1', { phase: 'paused', generation });
  cluster.pass(60_000);
  assert.equal(cluster.act().kind, 'nothing');
  cluster.pass(loadTimeout);
  assert.equal(cluster.act().kind, 'form');
  assert.deepEqual(cluster.members, ['w1']);
});

// Would catch members that stand still while a newcomer compares the bytes of a checkpoint that nobody needs.
test('nobody waits for who looks for checkpoints where a member holds all that was reported', () => {
  const cluster = new Cluster({ replicas: 2 });
  for (const name of ['w0', 'w1']) cluster.say(name);
  assert.equal(cluster.act().kind, 'form');
  const { generation } = cluster.record;
  cluster.say('w0', { phase: 'preparing', generation });
  cluster.facts = { ...cluster.facts, reportedSteps: 9 };
  cluster.say('w1', { phase: 'paused', generation, position: at(8) });
  assert.equal(cluster.act().kind, 'nothing');
  cluster.say('w1', { phase: 'paused', generation, position: at(9) });
  assert.equal(cluster.act().kind, 'start');
  assert.deepEqual(cluster.record.start, { kind: 'state', position: at(9), holders: ['w1'] });
});

// Would catch a member that is asked to leave while a newcomer copies, is kept until half of its grace is over, and
// then breaks the links of all.
test('who is asked to leave while others wait for a copy leaves at once', () => {
  const cluster = new Cluster({ replicas: 2 });
  for (const name of ['w0', 'w1']) cluster.say(name);
  cluster.act();
  cluster.train(at(5));
  cluster.say('w2');
  cluster.pass(2000);
  assert.equal(cluster.act().kind, 'form');
  const { generation } = cluster.record;
  for (const name of ['w0', 'w1']) {
    cluster.say(name, { phase: 'paused', generation, position: at(6) });
  }
  cluster.say('w2', { phase: 'paused', generation });
  assert.equal(cluster.act().kind, 'start');
  cluster.say('w2', { phase: 'copying', generation });
  cluster.say('w1', { leaving: true });
  const decision = cluster.act();
  assert.equal(decision.kind, 'form');
  assert.deepEqual(cluster.members, ['w0', 'w2']);
  assert.equal(cluster.record.planned, false);
});
