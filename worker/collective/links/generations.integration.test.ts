import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { generation, rank, step } from '../../../shared/ids.js';
import { evenShares } from '../../../shared/plan/lane-ownership.js';
import { millis } from '../../../shared/units.js';
import { javascriptArithmetic as arithmetic } from '../../arithmetic/javascript-arithmetic.js';
import { ExchangeAbortedError } from '../errors.js';
import type { Exchange } from '../exchange.js';
import { openExchange } from '../open-exchange.js';
import { type LinksHost, startLinks } from './links-host.js';
import type { LinkTrouble } from './links-messages.js';

const opened: LinksHost[] = [];
const exchanges: Exchange[] = [];
afterEach(async () => {
  for (const exchange of exchanges.splice(0)) exchange.close();
  await Promise.all(opened.splice(0).map((host) => host.close()));
});

interface Member {
  readonly host: LinksHost;
  readonly trouble: LinkTrouble[];
}

async function startMembers(count: number): Promise<Member[]> {
  return Promise.all(
    Array.from({ length: count }, async () => {
      const host = await startLinks({ host: '127.0.0.1' });
      opened.push(host);
      const trouble: LinkTrouble[] = [];
      host.onTrouble((told) => trouble.push(told));
      return { host, trouble };
    }),
  );
}

const connect = (members: readonly Member[], index: number, of: number, deadline = 10_000) =>
  (members[index] as Member).host.connect({
    generation: generation(of),
    rank: rank(index),
    addresses: members.map(({ host }) => host.address),
    deadline: millis(10_000),
    connectDeadline: millis(deadline),
  });

/** Links all of them in one generation. */
async function link(members: readonly Member[], of: number): Promise<Exchange[]> {
  const ports = await Promise.all(members.map((_, index) => connect(members, index, of)));
  const shares = evenShares(members.length, members.length);
  const made = ports.map((port, index) =>
    openExchange(port, { rank: rank(index), shares, arithmetic }),
  );
  exchanges.push(...made);
  return made;
}

const shared = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * 4));

/** Each gives its rank plus one; what came of it. */
async function gather(of: Exchange, at: number): Promise<number[]> {
  const parts = Array.from({ length: of.size }, () => shared(1));
  parts[of.rank]?.fill(of.rank + 1);
  await of.allGather({ step: step(at), phase: 'gather', part: 0 }, parts);
  return parts.map((part) => part[0] as number);
}

const gatherAll = (of: readonly Exchange[]): Promise<number[][]> =>
  Promise.all(of.map((one) => gather(one, 0)));

/** What it rejects with. */
const failure = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

// Would catch a planned change that aborts the step under way, and a drop that takes the next generation along.
test('the next generation is linked while the one before trains, and lives on without it', async () => {
  const members = await startMembers(2);
  const first = await link(members, 1);
  const second = await link(members, 2);
  const both = (of: Exchange[], at: number) => Promise.all(of.map((one) => gather(one, at)));
  assert.deepEqual(await both(first, 0), [
    [1, 2],
    [1, 2],
  ]);
  for (const { host } of members) host.drop(generation(1), 'generation 2 has begun');
  assert.deepEqual(await both(second, 0), [
    [1, 2],
    [1, 2],
  ]);
  for (const exchange of first) {
    const error = await failure(gather(exchange, 1));
    assert.ok(error instanceof ExchangeAbortedError);
    assert.match(error.message, /generation 2 has begun/);
  }
  // Whoever drops at the others' drop sees closed sockets of what is over anyway.
  assert.ok(members.every(({ trouble }) => trouble.every((told) => told.generation === 1)));
});

// Would catch memory of an aborted step that a late frame still fills: the next step computes in it.
test('nothing is written behind a wait that a drop has ended', async () => {
  const members = await startMembers(3);
  const [mine, theirs] = (await link(members, 1)) as [Exchange, Exchange];
  const arriving = shared(2 ** 23);
  const tag = { step: step(0), phase: 'gather', part: 0 };
  // The third member never gives anything, so that this wait cannot end by itself.
  const waits = [
    mine.allGather(tag, [shared(1), arriving, shared(1)]),
    theirs.allGather(tag, [shared(1), shared(arriving.length).fill(7), shared(1)]),
  ].map(failure);
  // The first chunks are there: the others are on their way.
  while (arriving[0] !== 7) await new Promise((resolve) => setImmediate(resolve));
  members[0]?.host.drop(generation(1), 'a member is lost');
  assert.ok((await waits[0]) instanceof ExchangeAbortedError);
  arriving.fill(-1);
  await waits[1];
  for (let turn = 0; turn < 20; turn++) await members[0]?.host.stats();
  assert.ok(arriving.every((value) => value === -1));
});

test('a connect that is superseded or dropped rejects, and one of an older generation too', async () => {
  const members = await startMembers(2);
  const waiting = failure(connect(members, 0, 1));
  const next = failure(connect(members, 0, 2));
  assert.ok((await waiting) instanceof ExchangeAbortedError);
  assert.match(String(await failure(connect(members, 0, 1))), /generation 2 had begun before 1/);
  members[0]?.host.drop(generation(2), 'it came to nothing');
  assert.match(String(await next), /it came to nothing/);
  assert.deepEqual(members[0]?.trouble, []);
});

// Would catch a second dead member of whom nobody hears because the first has ended everything.
test('each peer whose links break is told once, also the second one', async () => {
  const members = await startMembers(3);
  const [mine] = await link(members, 4);
  const waiting = failure(gather(mine as Exchange, 0));
  members[1]?.host.abort('it dies');
  assert.match(String(await waiting), /rank 1 is lost/);
  members[2]?.host.abort('it dies too');
  const { trouble } = members[0] as Member;
  while (trouble.length < 2) await members[0]?.host.stats();
  assert.deepEqual(
    trouble.map(({ generation: of, peer, how }) => [of, peer, how]),
    [
      [4, 1, 'closed'],
      [4, 2, 'closed'],
    ],
  );
});

const prepare = (members: readonly Member[], index: number, of: number): void =>
  (members[index] as Member).host.prepare({
    generation: generation(of),
    rank: rank(index),
    addresses: members.map(({ host }) => host.address),
    deadline: millis(10_000),
  });

/** Whatever is on its way between these threads has had time to arrive. */
async function turns(members: readonly Member[]): Promise<void> {
  for (let turn = 0; turn < 50; turn++) {
    await Promise.all(members.map(({ host }) => host.stats()));
  }
}

// Would catch a member that enters, and gives its state away no more, while another still copies it.
test('prepared links are those of connect, and nobody is connected before all others are', async () => {
  const members = await startMembers(2);
  const [first] = await link(members, 1);
  for (const index of [0, 1]) prepare(members, index, 2);
  let isConnected = false;
  const early = connect(members, 0, 2).then((port) => {
    isConnected = true;
    return port;
  });
  await turns(members);
  assert.equal(isConnected, false);
  assert.equal(first?.size, 2);
  const ports = [await connect(members, 1, 2), await early];
  const shares = evenShares(2, 2);
  const second = ports.map((port, index) =>
    openExchange(port, { rank: rank(1 - index), shares, arithmetic }),
  );
  exchanges.push(...second);
  assert.deepEqual(await Promise.all(second.map((one) => gather(one, 0))), [
    [1, 2],
    [1, 2],
  ]);
});

// Would catch a member that had not heard of the plan, and is never linked by those that had.
test('links that only one of them has prepared are made by connect', async () => {
  const members = await startMembers(2);
  prepare(members, 0, 5);
  await turns(members);
  const exchanges = await link(members, 5);
  assert.deepEqual(await gatherAll(exchanges), [
    [1, 2],
    [1, 2],
  ]);
});

// Would catch a step that is aborted because the links of a later one have broken.
test('prepared links that break are told by nobody, and missed by whoever connects', async () => {
  const members = await startMembers(3);
  const first = await link(members.slice(0, 2), 1);
  for (const index of [0, 1, 2]) prepare(members, index, 2);
  await turns(members);
  members[2]?.host.abort('it dies');
  await turns(members);
  assert.deepEqual(
    members.map(({ trouble }) => trouble),
    [[], [], []],
  );
  assert.deepEqual(await gatherAll(first), [
    [1, 2],
    [1, 2],
  ]);
  const error = await failure(connect(members, 0, 2, 300));
  assert.equal((error as { code?: string }).code, 'LINKS_CONNECT');
});

/** Both are linked in a generation that is prepared, and the first one is told to connect within no time. */
async function connectWhenLinked(members: readonly Member[]) {
  for (let of = 2; of < 12; of++) {
    for (const index of [0, 1]) prepare(members, index, of);
    // On a busy machine it takes longer until they are linked: it is tried with more time.
    for (let time = 1; time < 2 ** of; time *= 2) await turns(members);
    let error: unknown = null;
    const waiting = connect(members, 0, of, 1);
    waiting.catch((caught: unknown) => {
      error = caught;
    });
    await turns(members);
    if (error === null) return { of, waiting };
  }
  return assert.fail('whoever is linked is not waited for');
}

// Would catch a newcomer with a large state that is never taken in: those that wait for it give up its links
// while it copies, and no generation is linked twice.
test('who is linked and not ready is waited for, however short the time for linking is', async () => {
  const members = await startMembers(2);
  const { of, waiting } = await connectWhenLinked(members);
  const ports = await Promise.all([waiting, connect(members, 1, of)]);
  for (const port of ports) port.close();
  const trouble = members.flatMap((member) => member.trouble);
  assert.deepEqual(
    trouble.filter(({ generation: told }) => told === of),
    [],
  );
});

// Would catch a wait for a member that is lost before it was ready.
test('who is lost before it is ready is told', async () => {
  const members = await startMembers(2);
  const { of, waiting } = await connectWhenLinked(members);
  members[1]?.host.abort('it dies');
  assert.match(String(await failure(waiting)), /rank 1 is lost/);
  await members[0]?.host.stats();
  assert.deepEqual(
    members[0]?.trouble
      .filter(({ generation: told }) => told === of)
      .map(({ peer, how }) => [peer, how]),
    [[1, 'closed']],
  );
});

test('a peer that cannot be reached is told, and named by the error', async () => {
  const members = await startMembers(2);
  const [gone] = opened.splice(opened.indexOf(members[1]?.host as LinksHost), 1);
  await gone?.close();
  await assert.rejects(connect(members, 0, 3, 40), { code: 'LINKS_CONNECT', peer: 1 });
  await members[0]?.host.stats();
  assert.deepEqual(
    members[0]?.trouble.map(({ generation: of, peer, how }) => [of, peer, how]),
    [[3, 1, 'unreachable']],
  );
});
