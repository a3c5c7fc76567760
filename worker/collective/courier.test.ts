import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { systemClock } from '../../shared/clock.js';
import type { Generation, Lane, Rank, Step } from '../../shared/ids.js';
import {
  evenShares,
  type LaneShares,
  lanesOf,
  sharesOf,
} from '../../shared/plan/lane-ownership.js';
import { millis } from '../../shared/units.js';
import { javascriptArithmetic as arithmetic } from '../arithmetic/javascript-arithmetic.js';
import { AllReduceOperation } from './all-reduce-operation.js';
import { ChunkMemory } from './chunk-memory.js';
import { Courier } from './courier.js';
import { earlyBytesLimit } from './frames/early-frames.js';
import { encodeHeader, type FrameHeader, headerBytes } from './frames/frames.js';
import { GatherOperation } from './gather-operation.js';
import { type MemoryLink, memoryLinkPair } from './links/memory-link.js';
import { LocalExchange } from './local-exchange.js';
import { ReduceOperation } from './reduce-operation.js';
import { chunkFloats } from './schedule.js';
import type { Tag } from './tag.js';
import { Traffic } from './traffic.js';

interface Member {
  readonly courier: Courier;
  readonly links: MemoryLink[];
  readonly traffic: Traffic;
  readonly failures: Error[];
}

const generation = 3 as Generation;

const tag = (phase: string, part = 0): Tag => ({ step: 7 as Step, phase, part });

function makeMembers(count: number, deadline = 60_000): Member[] {
  const links: MemoryLink[][] = Array.from({ length: count }, () => []);
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const [atA, atB] = memoryLinkPair(a as Rank, b as Rank);
      links[a]?.push(atA);
      links[b]?.push(atB);
    }
  }
  return links.map((own) => {
    const traffic = new Traffic();
    const failures: Error[] = [];
    const courier = new Courier({
      generation,
      links: own,
      arithmetic,
      clock: systemClock,
      deadline: millis(deadline),
      traffic,
      onFailure: (error) => failures.push(error),
    });
    return { courier, links: own, traffic, failures };
  });
}

const valueAt = (lane: number, i: number): number =>
  Math.sin(lane * 77 + i) * 10 ** ((i + lane) % 9);

const vectorOf = (lane: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => valueAt(lane, i));

const contributionsOf = (rank: number, shares: LaneShares, length: number) =>
  new Map<Lane, Float32Array>(
    lanesOf(shares.run(rank as Rank)).map((lane) => [lane, vectorOf(lane, length)]),
  );

async function sumOfOneMember(lanes: number, length: number): Promise<Float32Array> {
  const all = contributionsOf(0, evenShares(1, lanes), length);
  return new LocalExchange(arithmetic, lanes).reduceScatter(tag('x'), all, [
    { start: 0, end: length },
  ]);
}

/** Cuts at the given places, which may coincide: empty slices are legal. */
function slicesAt(cuts: number[], length: number): { start: number; end: number }[] {
  const edges = [0, ...cuts.map((cut) => cut % (length + 1)).sort((a, b) => a - b), length];
  return edges.slice(1).map((end, i) => ({ start: edges[i] as number, end }));
}

/** Lanes of each rank; some have none. */
const counts = fc
  .array(fc.nat(4), { minLength: 1, maxLength: 7 })
  .filter((given) => given.some((count) => count > 0));

// Would catch a sum whose order depends on who owns which lane, or on which frame comes first.
test('reduce-scatter and all-reduce give the bits of one member, whoever owns how many lanes', async () => {
  await fc.assert(
    fc.asyncProperty(
      counts,
      fc.integer({ min: 0, max: 90 }),
      fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
      async (given, length, cuts) => {
        const shares = sharesOf(given);
        const size = shares.members;
        const slices = slicesAt(cuts.slice(0, size - 1), length);
        const expected = await sumOfOneMember(shares.lanes, length);
        await Promise.all(
          makeMembers(size).map(async ({ courier }, rank) => {
            const parts = (phase: string) => ({
              tag: tag(phase),
              rank: rank as Rank,
              shape: { shares, slices },
              contributions: contributionsOf(rank, shares, length),
              scratch: new Float32Array(length),
              arithmetic,
              memory: new ChunkMemory(),
            });
            const scatter = new ReduceOperation(parts('scatter'));
            const into = new Float32Array(length);
            await Promise.all([
              courier.run(scatter),
              courier.run(new AllReduceOperation(parts('all'), into)),
            ]);
            const { start, end } = slices[rank] as { start: number; end: number };
            assert.deepEqual(scatter.result, expected.subarray(start, end));
            assert.deepEqual(into, expected);
          }),
        );
      },
    ),
    { numRuns: 60 },
  );
});

// Would catch an all-reduce that overwrites a float which it has not sent yet.
test('an all-reduce of several chunks into the first own lane gives the bits of one member', async () => {
  const [shares, length] = [sharesOf([1, 3, 1]), 3 * chunkFloats + 17];
  const slices = slicesAt([chunkFloats + 5, 2 * chunkFloats + 300], length);
  const expected = await sumOfOneMember(shares.lanes, length);
  await Promise.all(
    makeMembers(shares.members).map(async ({ courier }, rank) => {
      const contributions = contributionsOf(rank, shares, length);
      const into = [...contributions.values()][0] as Float32Array;
      const shape = { shares, slices };
      const scratch = new Float32Array(0);
      const parts = {
        tag: tag('all'),
        rank: rank as Rank,
        shape,
        contributions,
        scratch,
        arithmetic,
        memory: new ChunkMemory(),
      };
      await courier.run(new AllReduceOperation(parts, into));
      assert.ok(Buffer.from(into.buffer).equals(Buffer.from(expected.buffer)));
    }),
  );
});

const gatherOf = (rank: number, phase: string, lengths: number[], part = 0) => {
  const parts = lengths.map((length, r) => new Float32Array(length).fill(r === rank ? r + 1 : 0));
  return { parts, operation: new GatherOperation(tag(phase, part), rank as Rank, parts) };
};

// Would catch frames that are lost when their operation has not been started yet, and a link that
// stays paused for ever once more than the limit has come early.
test('a member may be ahead by more operations than its peer can hold', async () => {
  const [ahead, behind] = makeMembers(2) as [Member, Member];
  const lengths = [earlyBytesLimit / 4, 3];
  const operations = [0, 1, 2].map((part) => gatherOf(0, 'gather', lengths, part));
  const running = Promise.all(operations.map(({ operation }) => ahead.courier.run(operation)));
  for (const part of [0, 1, 2]) {
    const { parts, operation } = gatherOf(1, 'gather', lengths, part);
    await behind.courier.run(operation);
    assert.ok(parts[0]?.every((value) => value === 1));
  }
  await running;
  assert.ok(operations.every(({ parts }) => parts[1]?.every((value) => value === 2)));
});

test('operations that do not wait for each other may be started in any order', async () => {
  const [a, b] = makeMembers(2) as [Member, Member];
  const [x, y] = [gatherOf(0, 'x', [5, 5]), gatherOf(0, 'y', [5, 5])];
  const [u, v] = [gatherOf(1, 'y', [5, 5]), gatherOf(1, 'x', [5, 5])];
  await Promise.all([
    a.courier.run(x.operation),
    a.courier.run(y.operation),
    b.courier.run(u.operation),
    b.courier.run(v.operation),
  ]);
  for (const { parts } of [x, y, u, v])
    assert.deepEqual(
      parts.map((part) => part[4]),
      [1, 2],
    );
});

function frame(change: Partial<FrameHeader>): Uint8Array {
  const bytes = new Uint8Array(headerBytes + 8);
  const header = {
    kind: 'gather',
    generation,
    tag: tag('x'),
    node: 0,
    offset: 0,
    byteLength: 8,
    total: 2,
    ...change,
  } as const;
  encodeHeader(header, bytes);
  return bytes;
}

/** Member 1 sends raw bytes to member 0, which waits for two floats of it. */
async function receiveRaw(bytes: Uint8Array): Promise<{ member: Member; result: unknown }> {
  const [member] = makeMembers(2) as [Member, Member];
  const { operation } = gatherOf(0, 'x', [0, 2]);
  const running = member.courier.run(operation).catch((error: unknown) => error);
  member.links[0]?.other?.send(bytes, () => undefined);
  member.links[0]?.other?.send(frame({}), () => undefined);
  return { member, result: await running };
}

// Would catch a frame of a generation that is over and that is added to the new one's sums.
test('a frame of an older generation is skipped and counted', async () => {
  const { member, result } = await receiveRaw(frame({ generation: 2 as Generation }));
  assert.equal(result, undefined);
  assert.equal(member.traffic.refusedFrames, 1);
  assert.deepEqual(member.failures, []);
});

for (const [what, bytes] of [
  ['noise', new Uint8Array(headerBytes).fill(9)],
  ['a newer generation', frame({ generation: 4 as Generation })],
  ['a wrong total', frame({ total: 3 })],
  ['a chunk that is not whole', frame({ byteLength: 4 })],
  ['an offset between chunks', frame({ offset: 1, total: 3 })],
  ['another kind', frame({ kind: 'reduce' })],
] as const) {
  // Would catch memory written where a peer wants it to be, not where the operation expects it.
  test(`a peer that sends ${what} is lost, with the reason as the cause`, async () => {
    const { member, result } = await receiveRaw(bytes);
    assert.equal((result as { code: string }).code, 'PEER_LOST');
    assert.match(String(result), /Cannot finish step 7: rank 1 is lost: Cannot read a frame/);
    assert.equal((result as { cause: { code: string } }).cause.code, 'FRAME_INVALID');
    assert.deepEqual(member.failures, [result]);
  });
}

// Would catch a chunk that is counted twice, so that the operation ends without another one.
test('a peer that sends a chunk twice is lost', async () => {
  const [member] = makeMembers(2) as [Member, Member];
  const { operation } = gatherOf(0, 'x', [0, chunkFloats + 2]);
  const running = member.courier.run(operation);
  const last = frame({ offset: chunkFloats, total: chunkFloats + 2 });
  member.links[0]?.other?.send(last, () => undefined);
  member.links[0]?.other?.send(last, () => undefined);
  await assert.rejects(running, { code: 'PEER_LOST' });
});

test('a lost peer fails what runs and what comes, and the error names peer and step', async () => {
  const [a, b] = makeMembers(2) as [Member, Member];
  const running = a.courier.run(gatherOf(0, 'x', [1, 1]).operation);
  b.links[0]?.terminate();
  await assert.rejects(running, { code: 'PEER_LOST', peer: 1, step: 7 });
  await assert.rejects(a.courier.run(gatherOf(0, 'y', [1, 1]).operation), { code: 'PEER_LOST' });
  assert.equal(a.failures.length, 1);
});

// Would catch a run that fails at its very end because one member finishes a moment earlier.
test('a departed peer is no failure until something of it is missing', async () => {
  const [a, b, c] = makeMembers(3) as [Member, Member, Member];
  const lengths = [4, 4, 0];
  const mine = a.courier.run(gatherOf(0, 'x', lengths).operation);
  const others = [b, c].map(({ courier }, i) =>
    courier.run(gatherOf(i + 1, 'x', lengths).operation),
  );
  await Promise.all([mine, ...others]);
  c.courier.close();
  const last = [a, b].map(({ courier }, rank) =>
    courier.run(gatherOf(rank, 'y', [1, 1, 1]).operation),
  );
  for (const operation of last) {
    await assert.rejects(operation, /rank 2 is lost: it ended its part of the run/);
  }
});

test('a silent peer ends a wait at the deadline, and is named', async () => {
  const [, b] = makeMembers(3, 15) as [Member, Member, Member];
  const silent = b.courier.run(gatherOf(1, 'x', [0, 1, 1]).operation);
  await assert.rejects(silent, { code: 'PEER_TIMEOUT', peer: 2, step: 7 });
});

// Would catch a short wait that lasts as long as a long one that began before it.
test('an operation may have a deadline of its own', async () => {
  const [, b] = makeMembers(3) as [Member, Member, Member];
  b.courier.run(gatherOf(1, 'x', [0, 1, 1]).operation).catch(() => undefined);
  const short = b.courier.run(gatherOf(1, 'y', [0, 1, 1]).operation, millis(15));
  await assert.rejects(short, { code: 'PEER_TIMEOUT', peer: 2, step: 7 });
});

test('abort fails what runs at once, and the peers see a loss', async () => {
  const [a, b] = makeMembers(2) as [Member, Member];
  const running = [a, b].map(({ courier }, rank) =>
    courier.run(gatherOf(rank, 'x', [1, 1]).operation),
  );
  const reason = new Error('enough');
  a.courier.abort(reason);
  await assert.rejects(running[0] as Promise<void>, reason);
  await assert.rejects(running[1] as Promise<void>, { code: 'PEER_LOST', peer: 0 });
});

// Would catch a drop that waits for all that the sockets have brought, and waits that end behind the closing of sockets.
test('an abort between two pieces leaves the second one alone, and is told before the links are cut', async () => {
  const [link, theirs] = memoryLinkPair(0 as Rank, 1 as Rank);
  const reason = new Error('enough');
  const openWhenTold: boolean[] = [];
  let pieces = 0;
  const courier = new Courier({
    ...{ generation, links: [link], arithmetic, clock: systemClock, traffic: new Traffic() },
    deadline: millis(60_000),
    beforePiece: () => {
      pieces++;
      if (pieces === 2) courier.abort(reason, () => openWhenTold.push(link.other !== null));
    },
  });
  const { parts, operation } = gatherOf(0, 'x', [0, 4]);
  const arriving = (parts[1] as Float32Array).fill(-1);
  const running = courier.run(operation);
  const head = frame({ byteLength: 16, total: 4 });
  theirs.send(head, () => undefined);
  theirs.send(new Uint8Array(8), () => undefined);
  await assert.rejects(running, reason);
  assert.deepEqual([...arriving], [0, 0, -1, -1]);
  assert.deepEqual([pieces, openWhenTold, link.other], [2, [true], null]);
});

test('two running operations must not share a tag', async () => {
  const [a] = makeMembers(2) as [Member, Member];
  a.courier.run(gatherOf(0, 'x', [1, 1]).operation).catch(() => undefined);
  await assert.rejects(a.courier.run(gatherOf(0, 'x', [1, 1]).operation), RangeError);
  a.courier.abort(new Error('over'));
});
