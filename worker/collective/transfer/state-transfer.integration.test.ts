import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { millis } from '../../../shared/units.js';
import { type LinksHost, startLinks } from '../links/links-host.js';
import { rangeBytes } from './limits.js';
import type { CopyRequest, ServedState, StateSectionBytes } from './state-transfer.js';

const secret = Buffer.from('the secret of the job');
const hosts: LinksHost[] = [];
afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close())));

async function start(own: Uint8Array = secret): Promise<LinksHost> {
  const host = await startLinks({ host: '127.0.0.1', secret: own });
  hosts.push(host);
  return host;
}

const lengths = { parameters: 2 * rangeBytes + 10, firstMoments: rangeBytes, empty: 0 };

const sections = (fill: (section: string, at: number) => number): StateSectionBytes[] =>
  Object.entries(lengths).map(([name, length]) => {
    const bytes = new Uint8Array(new SharedArrayBuffer(length)).fill(fill(name, 1));
    for (let at = 0; at < length; at += 1021) bytes[at] = fill(name, at);
    return { name, bytes };
  });

const position = { committedSteps: 12, collapses: 0, settled: true };
const stateOf = (seed: number): ServedState => ({
  position,
  header: { best: { committedSteps: 8 }, seed },
  sections: sections((name, at) => (at * seed + name.length) % 256),
  version: new Int32Array(new SharedArrayBuffer(4)),
});

const copyFrom = (holders: readonly string[], change: Partial<CopyRequest> = {}): CopyRequest => ({
  holders,
  position,
  into: sections(() => 9),
  deadline: millis(20_000),
  ...change,
});

const same = (a: readonly StateSectionBytes[], b: readonly StateSectionBytes[]): boolean =>
  a.every(({ bytes }, index) => Buffer.compare(bytes, b[index]?.bytes as Uint8Array) === 0);

const total = Object.values(lengths).reduce((sum, length) => sum + length, 0);

// Would catch a section under another's name, a last range that is cut, and a copy that fetches again
// what it holds.
test('a copy has the bits and the header, and only what differs travels', async () => {
  const [holder, joiner] = [await start(), await start()];
  const state = stateOf(3);
  holder.serve(state);
  const request = copyFrom([holder.address]);
  const first = await joiner.copy(request);
  assert.ok(same(request.into, state.sections));
  assert.deepEqual(first, {
    header: state.header,
    holder: holder.address,
    bytes: total,
    fetched: total,
  });
  // The moments move, the parameters do not.
  Atomics.add(state.version, 0, 1);
  state.sections[1]?.bytes.fill(77);
  const later = { ...position, committedSteps: 13 };
  holder.serve({ ...state, position: later });
  const second = await joiner.copy({ ...request, position: later });
  assert.ok(same(request.into, state.sections));
  assert.equal(second.fetched, rangeBytes);
});

// Would catch a joiner that makes room for another state than the one that it is given.
test('a holder describes what it would give, and a copy tells that it moves', async () => {
  const [holder, joiner] = [await start(), await start()];
  const asked = { holder: holder.address, deadline: millis(5000) };
  const absent = await joiner.describe(asked);
  assert.equal(absent.kind, 'absent');
  const state = stateOf(3);
  holder.serve(state);
  assert.deepEqual(await joiner.describe(asked), {
    kind: 'offered',
    position,
    header: state.header,
    sections: Object.entries(lengths).map(([name, bytes]) => ({ name, bytes })),
  });
  let moved = 0;
  const onRange = (): number => moved++;
  await joiner.copy(copyFrom([holder.address], { onRange }));
  assert.ok(moved >= 4);
  await holder.close();
  hosts.shift();
  const gone = await joiner.describe({ ...asked, deadline: millis(200) });
  assert.equal(gone.kind, 'unreachable');
});

test('several copy at once, from a holder that does not have the state yet', async () => {
  const [holder, a, b] = [await start(), await start(), await start()];
  const requests = [copyFrom([holder.address]), copyFrom([holder.address])];
  const copies = [a, b].map((joiner, index) => joiner.copy(requests[index] as CopyRequest));
  const state = stateOf(5);
  holder.serve({ ...state, position: { ...position, settled: false } });
  await holder.stats();
  holder.serve(state);
  await Promise.all(copies);
  for (const { into } of requests) assert.ok(same(into, state.sections));
});

// Would catch a joiner that trains on bytes of two steps.
test('a state that changes is not given, until it is offered again', async () => {
  const [holder, joiner] = [await start(), await start()];
  const state = stateOf(7);
  holder.serve(state);
  await holder.stats();
  Atomics.add(state.version, 0, 1);
  state.sections[0]?.bytes.fill(1, 0, 100);
  const hopeless = copyFrom([holder.address], { deadline: millis(150) });
  await assert.rejects(joiner.copy(hopeless), { code: 'STATE_TRANSFER' });
  await assert.rejects(joiner.copy(hopeless), /the state is changing/);
  holder.serve(state);
  const request = copyFrom([holder.address]);
  await joiner.copy(request);
  assert.ok(same(request.into, state.sections));
  holder.serve(null);
  await assert.rejects(
    joiner.copy({ ...request, deadline: millis(100) }),
    /no state is given away/,
  );
});

test('a holder that is lost is left for the next one', async () => {
  const [lost, holder, joiner] = [await start(), await start(), await start()];
  const state = stateOf(11);
  lost.serve(state);
  holder.serve(state);
  const request = copyFrom([lost.address, holder.address]);
  hosts.splice(hosts.indexOf(lost), 1);
  const [copied] = await Promise.all([joiner.copy(request), lost.close()]);
  assert.ok(same(request.into, state.sections));
  assert.ok([lost.address, holder.address].includes(copied.holder));
});

// Would catch a worker that waits for its deadline although nobody will ever give it the state.
test('other sections and another secret are refused at once, and a copy can be given up', async () => {
  const [holder, joiner, stranger] = [await start(), await start(), await start(Buffer.from('x'))];
  holder.serve(stateOf(13));
  const shorter = { name: 'parameters', bytes: new Uint8Array(new SharedArrayBuffer(8)) };
  await assert.rejects(
    joiner.copy(copyFrom([holder.address], { into: [shorter] })),
    /it has parameters \(8388618 bytes\), .*: should be parameters \(8 bytes\)/,
  );
  await assert.rejects(stranger.copy(copyFrom([holder.address])), /the proof is not of the secret/);
  const stop = new AbortController();
  const wanted = { ...position, committedSteps: 99 };
  const waiting = joiner.copy(
    copyFrom([holder.address], { position: wanted, signal: stop.signal }),
  );
  stop.abort();
  await assert.rejects(waiting, /it was given up/);
});
