import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { rank as asRank, generation, type Lane, type Rank, step } from '../../shared/ids.js';
import {
  evenShares,
  type LaneShares,
  lanesOf,
  sharesOf,
} from '../../shared/plan/lane-ownership.js';
import { nodeNumber, type TreeNode } from '../../shared/reduction/reduction-tree.js';
import { RunningTreeSum } from '../../shared/reduction/running-tree-sum.js';
import { millis } from '../../shared/units.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import { ExchangeAbortedError, PeerLostError, PeerTimeoutError } from './errors.js';
import type { Contributions, Exchange } from './exchange.js';
import { type LinksHost, startLinks } from './links/links-host.js';
import { openExchange } from './open-exchange.js';
import { chunkFloats } from './schedule.js';

const arithmetic = openArithmetic();

const shared = (length: number): Float32Array =>
  new Float32Array(new SharedArrayBuffer(length * 4));

interface Cluster {
  readonly hosts: readonly LinksHost[];
  readonly exchanges: readonly Exchange[];
}

/** Members in one process, each with its own links thread, linked by real sockets. */
async function withCluster(
  shares: LaneShares,
  body: (cluster: Cluster) => Promise<void>,
  deadline = 10_000,
): Promise<void> {
  const hosts = await Promise.all(
    Array.from({ length: shares.members }, () => startLinks({ host: '127.0.0.1' })),
  );
  try {
    const addresses = hosts.map(({ address }) => address);
    const exchanges = await Promise.all(
      hosts.map(async (host, index) => {
        const rank = asRank(index);
        const port = await host.connect({
          rank,
          addresses,
          generation: generation(1),
          deadline: millis(deadline),
          connectDeadline: millis(10_000),
        });
        return openExchange(port, { rank, shares, arithmetic });
      }),
    );
    await body({ hosts, exchanges });
    for (const exchange of exchanges) exchange.close();
  } finally {
    await Promise.all(hosts.map((host) => host.close()));
  }
}

const lanes = 6;
const length = 2 * chunkFloats + 77;

const valueAt = (lane: number, i: number): number =>
  Math.sin(lane * 77 + i) * 10 ** ((i + lane) % 9);

function contributionsOf(rank: Rank, shares: LaneShares): Map<Lane, Float32Array> {
  return new Map(
    lanesOf(shares.run(rank)).map((lane) => {
      const vector = shared(length);
      for (let i = 0; i < length; i++) vector[i] = valueAt(lane, i);
      return [lane, vector];
    }),
  );
}

/** What a member gives that has added its own lanes already. */
function sumsOf({ rank, shares }: Exchange): Contributions {
  const sum = new RunningTreeSum<Float32Array>(shares.run(rank), lanes, (left, right) => {
    arithmetic.add(left, right);
    return left;
  });
  for (const vector of contributionsOf(rank, shares).values()) sum.push(vector);
  return sum.sums;
}

const slicesOf = (size: number): { start: number; end: number }[] =>
  Array.from({ length: size }, (_, r) => ({
    start: Math.floor((r * length) / size),
    end: Math.floor(((r + 1) * length) / size),
  }));

const bytes = (x: Float32Array): Buffer => Buffer.from(x.buffer, x.byteOffset, x.byteLength);

async function sumOfOneMember(): Promise<Float32Array> {
  const alone = openExchange(null, { rank: asRank(0), shares: evenShares(1, lanes), arithmetic });
  const tag = { step: step(0), phase: 'reduce', part: 0 };
  return alone.reduceScatter(tag, contributionsOf(asRank(0), alone.shares), slicesOf(1));
}

const expected = await sumOfOneMember();

async function sumInTwoWays(exchange: Exchange): Promise<Float32Array[]> {
  const { rank, shares } = exchange;
  const slices = slicesOf(shares.members);
  const both = { step: step(0), part: 0 };
  const gathered = shared(length);
  const reduced = shared(length);
  const parts = slices.map(({ start, end }) => gathered.subarray(start, end));
  const apart = async (): Promise<void> => {
    const tag = { ...both, phase: 'scatter' };
    const mine = await exchange.reduceScatter(tag, sumsOf(exchange), slices);
    (parts[rank] as Float32Array).set(mine);
    await exchange.allGather({ ...both, phase: 'gather' }, parts);
  };
  const contributions = contributionsOf(rank, shares);
  await Promise.all([
    apart(),
    exchange.allReduce({ ...both, phase: 'all' }, contributions, slices, reduced),
  ]);
  return [gathered, reduced];
}

for (const counts of [[6], [3, 3], [1, 5, 0], [1, 1, 1, 1, 2]]) {
  // Would catch what only real sockets do: frames cut anywhere, and members that are ahead.
  test(`members with ${counts} lanes get the bits of one member over WebSockets`, () =>
    withCluster(sharesOf(counts), async ({ exchanges }) => {
      const results = await Promise.all(exchanges.map(sumInTwoWays));
      for (const result of results.flat()) assert.ok(bytes(result).equals(bytes(expected)));
    }));
}

// Would catch a member whose memory is not the one that the peers' bytes are written to.
test('members without lanes finish their slices too', () =>
  withCluster(evenShares(3, 1), async ({ exchanges }) => {
    const slices = [0, 4, 8].map((start) => ({ start, end: start + 4 }));
    const tag = { step: step(0), phase: 'reduce', part: 0 };
    const results = await Promise.all(
      exchanges.map((exchange, rank) => {
        const own = lanesOf(exchange.shares.run(exchange.rank));
        const contributions = new Map<Lane, Float32Array>();
        for (const lane of own) {
          const vector = shared(12);
          for (let i = 0; i < 12; i++) vector[i] = i;
          contributions.set(lane, vector);
        }
        assert.equal(contributions.size, rank === 2 ? 1 : 0);
        return exchange.reduceScatter(tag, contributions, slices);
      }),
    );
    assert.deepEqual(
      results.map((slice) => [...slice]),
      [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8, 9, 10, 11],
      ],
    );
  }));

// Would catch a lane that counts twice, or not at all, where members are wrong about what they own.
test('vectors that are not the own lanes, each once and in order, are refused', () =>
  withCluster(evenShares(2, lanes), async ({ exchanges }) => {
    const [exchange] = exchanges as [Exchange];
    const tag = { step: step(0), phase: 'reduce', part: 0 };
    const give = (...nodes: TreeNode[]) =>
      exchange.reduceScatter(
        tag,
        new Map(nodes.map((node) => [nodeNumber(node), shared(length)])),
        slicesOf(2),
      );
    const [second, third] = [1, 2].map((index) => ({ level: 0, index })) as TreeNode[];
    const both = { level: 1, index: 0 };
    const wrong = [[], [both], [third, both], [both, second, third]];
    for (const nodes of wrong as TreeNode[][]) {
      await assert.rejects(give(...nodes), /lanes .*contribute: should be 0..3/);
    }
  }));

test('bytes are counted by phase, and waiting is measured', () =>
  withCluster(evenShares(2, lanes), async ({ hosts, exchanges }) => {
    const gather = (exchange: Exchange): Promise<void> => {
      const parts = [shared(100), shared(50)];
      return exchange.allGather({ step: step(0), phase: 'gather', part: 0 }, parts);
    };
    const [first, second] = exchanges as [Exchange, Exchange];
    const gathered = gather(first);
    // Nothing to do for anyone meanwhile: this is what is measured, however quick the machine is.
    await delay(10);
    await Promise.all([gathered, gather(second)]);
    const stats = await Promise.all(hosts.map((host) => host.stats()));
    const header = 64;
    assert.deepEqual(
      stats.map(({ sent }) => sent),
      [
        { ready: 4 + header, gather: 400 + header },
        { ready: 4 + header, gather: 200 + header },
      ],
    );
    assert.deepEqual(stats[0]?.received, stats[1]?.sent);
    const [link] = stats[0]?.generations[0]?.links ?? [];
    assert.deepEqual(
      [link?.peer, link?.sentBytes, link?.receivedBytes],
      [1, 404 + 2 * header, 204 + 2 * header],
    );
    assert.ok((link?.waitSeconds ?? 0) > 0.005);
    assert.ok(first.waited() > 0);
  }));

const waitForEver = (exchange: Exchange): Promise<void> => {
  const parts = Array.from({ length: exchange.size }, () => shared(10));
  return exchange.allGather({ step: step(9), phase: 'gather', part: 0 }, parts);
};

// Would catch an error that loses its class or its code on the way between threads.
test('a silent peer ends the wait at the deadline', () =>
  withCluster(
    evenShares(2, lanes),
    async ({ exchanges: [exchange], hosts: [host] }) => {
      const failure = new Promise((resolve) => host?.onFailure(resolve));
      const error = await waitForEver(exchange as Exchange).catch((reason: unknown) => reason);
      assert.ok(error instanceof PeerTimeoutError);
      assert.deepEqual([error.code, error.peer, error.step], ['PEER_TIMEOUT', 1, 9]);
      assert.ok(error.silentFor >= 30);
      assert.deepEqual(await failure, error);
    },
    30,
  ));

test('abort by the host ends every wait within milliseconds, and the peer sees a loss', () =>
  withCluster(evenShares(2, lanes), async ({ exchanges, hosts: [host] }) => {
    // Different tags: each waits for an exchange in which the other never takes part.
    const waits = exchanges.map((exchange) =>
      exchange
        .allGather({ step: step(9), phase: `only-${exchange.rank}`, part: 0 }, [
          shared(4),
          shared(4),
        ])
        .catch((reason: unknown) => reason),
    );
    const start = performance.now();
    host?.abort('the generation has changed');
    const [mine, theirs] = await Promise.all(waits);
    assert.ok(performance.now() - start < 500, 'the deadline is ten seconds');
    assert.ok(mine instanceof ExchangeAbortedError);
    assert.match(mine.message, /the generation has changed/);
    assert.ok(theirs instanceof PeerLostError);
    assert.deepEqual([theirs.code, theirs.peer, theirs.step], ['PEER_LOST', 0, 9]);
  }));

test('vectors outside shared memory are refused before anything is sent', () =>
  withCluster(evenShares(2, lanes), async ({ exchanges: [exchange] }) => {
    const parts = [new Float32Array(4), shared(4)];
    const tag = { step: step(0), phase: 'gather', part: 0 };
    assert.ok(exchange !== undefined);
    await assert.rejects(exchange.allGather(tag, parts), /should be a view of a SharedArrayBuffer/);
    await assert.rejects(exchange.allGather({ ...tag, phase: 'A b' }, parts), /phase is "A b"/);
  }));

/** Runs exchange-member.js in processes of their own; they gather until somebody is lost. */
async function forkMembers(size: number): Promise<ChildProcess[]> {
  const file = fileURLToPath(new URL('./exchange-member.js', import.meta.url));
  const members = Array.from({ length: size }, (_, rank) =>
    fork(file, [String(rank), String(size)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  );
  const hear = () => Promise.all(members.map(async (member) => (await once(member, 'message'))[0]));
  const addresses = await hear();
  const begun = hear();
  for (const member of members) member.send(addresses);
  await begun;
  return members;
}

// Would catch members that wait for a deadline although the kernel has said that the peer is gone.
test('a member killed in the middle of an exchange ends the others at once, by name', async () => {
  const members = await forkMembers(3);
  const others = [members[0], members[2]] as [ChildProcess, ChildProcess];
  const ends = others.map(async (member) => (await once(member, 'message'))[0]);
  const start = performance.now();
  members[1]?.kill('SIGKILL');
  for (const end of await Promise.all(ends)) {
    assert.match(end, /^PeerLostError: Cannot finish step \d+: rank 1 is lost/);
  }
  assert.ok(performance.now() - start < 5000, 'the deadline is ten seconds');
  for (const member of others) member.kill();
});
