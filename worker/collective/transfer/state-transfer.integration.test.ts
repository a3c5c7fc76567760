import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import type { StateVectors } from '../../state/host-state.js';
import { stateSections } from '../../state/training-state.js';
import {
  type CopyRequest,
  type LinksHost,
  type SharedVectors,
  startLinks,
} from '../links/links-host.js';
import { copiersMax, rangeBytes } from './limits.js';

const secret = Buffer.from('the secret of the job');
const hosts: LinksHost[] = [];
afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close())));

async function start(own: Uint8Array = secret): Promise<LinksHost> {
  const host = await startLinks({ host: '127.0.0.1', secret: own });
  hosts.push(host);
  return host;
}

const floats = { parameters: rangeBytes / 2 + 3, firstMoments: rangeBytes / 4, secondMoments: 0 };
const total = 4 * (floats.parameters + floats.firstMoments);

const vectors = (fill: (section: number, at: number) => number): StateVectors =>
  Object.fromEntries(
    stateSections.map((name, section) => {
      const vector = new Float32Array(new SharedArrayBuffer(4 * floats[name]));
      return [name, vector.map((_, at) => fill(section, at % 1021))];
    }),
  ) as unknown as StateVectors;

/** `map` gives memory of its own: it is to lie in shared memory. */
const shared = (made: StateVectors): StateVectors =>
  Object.fromEntries(
    stateSections.map((name) => {
      const vector = new Float32Array(new SharedArrayBuffer(made[name].byteLength));
      vector.set(made[name]);
      return [name, vector];
    }),
  ) as unknown as StateVectors;

const position = { committedSteps: 12, collapses: 0, settled: true };
const stateOf = (seed: number): SharedVectors => ({
  position,
  header: JSON.stringify({ seed }),
  sections: shared(vectors((section, at) => seed * section + at)),
});

const copyFrom = (holder: LinksHost, change: Partial<CopyRequest> = {}) => {
  const into = shared(vectors(() => -1));
  const request: CopyRequest = {
    address: holder.address,
    wanted: { kind: 'position', position },
    room: async () => into,
    onBytes: () => undefined,
    signal: new AbortController().signal,
    ...change,
  };
  return { request, into };
};

const same = (a: StateVectors, b: StateVectors): boolean =>
  stateSections.every((name) => {
    const [one, other] = [a[name], b[name]].map((x) => new Uint8Array(x.buffer));
    return Buffer.compare(one as Uint8Array, other as Uint8Array) === 0;
  });

// Would catch a section under another's name, a last range that is cut, and a copy that fetches again
// what it holds.
test('a copy has the bits and the header, and only what differs travels', async () => {
  const [holder, joiner] = [await start(), await start()];
  const state = stateOf(3);
  holder.serve(state);
  let moved = 0;
  const { request, into } = copyFrom(holder, { onBytes: () => moved++ });
  const { header } = state;
  assert.deepEqual(await joiner.copy(request), { position, header, fetched: total });
  assert.ok(same(into, state.sections));
  assert.ok(moved > 0);
  // The moments move, the parameters do not.
  holder.serve(null);
  state.sections.firstMoments.fill(77);
  holder.serve({ ...state, position: { ...position, committedSteps: 13 } });
  const wanted = { kind: 'checkpoint', committedSteps: 13 } as const;
  const again = await joiner.copy({ ...request, wanted });
  assert.deepEqual([again.fetched, again.position.committedSteps], [rangeBytes, 13]);
  assert.ok(same(into, state.sections));
});

test('several copy at once', async () => {
  const [holder, a, b] = [await start(), await start(), await start()];
  const state = stateOf(5);
  holder.serve(state);
  const copies = [copyFrom(holder), copyFrom(holder)];
  await Promise.all(
    [a, b].map((joiner, index) => joiner.copy(copies[index]?.request as CopyRequest)),
  );
  for (const { into } of copies) assert.ok(same(into, state.sections));
});

// Would catch a holder that refuses all because one more has come, and places that are never given back.
test('only so many copy at a time, and whoever comes then is asked to come again', async () => {
  const [holder, joiner] = [await start(), await start()];
  const state = stateOf(6);
  holder.serve(state);
  const places: (() => void)[] = [];
  const copies = Array.from({ length: copiersMax }, () => {
    const into = shared(vectors(() => -1));
    const room = () =>
      new Promise<StateVectors>((resolve) => {
        places.push(() => resolve(into));
      });
    return joiner.copy(copyFrom(holder, { room }).request);
  });
  while (places.length < copiersMax) await joiner.stats();
  await assert.rejects(joiner.copy(copyFrom(holder).request), { code: 'STATE_ABSENT' });
  for (const giveRoom of places) giveRoom();
  await Promise.all(copies);
  // A place is free when the holder has seen its socket close.
  const { request, into } = copyFrom(holder);
  const isThere = () =>
    joiner.copy(request).then(
      () => true,
      () => false,
    );
  while (!(await isThere())) await holder.stats();
  assert.ok(same(into, state.sections));
});

// Would catch a joiner that trains on bytes of two steps: what was taken back is changed at once.
test('a state that is taken back while it is copied is not given', async () => {
  const [holder, joiner] = [await start(), await start()];
  const state = stateOf(7);
  holder.serve(state);
  const { request, into } = copyFrom(holder, {
    room: async () => {
      holder.serve(null);
      state.sections.parameters.fill(1);
      return into;
    },
  });
  await assert.rejects(joiner.copy(request), { code: 'STATE_ABSENT' });
  await assert.rejects(joiner.copy(request), /no state is given away here/);
  holder.serve({ ...state, position: { ...position, settled: false } });
  await assert.rejects(
    joiner.copy(request),
    /the state here is of step 12 \(what follows it is open\)/,
  );
});

// Would catch a newcomer that asks again and again while a step lasts, and is given a state that is old.
test('a copy of what comes next waits for it, and ends with the socket', async () => {
  const [holder, joiner] = [await start(), await start()];
  const state = stateOf(9);
  const { request, into } = copyFrom(holder, { wanted: { kind: 'next' } });
  const copying = joiner.copy(request);
  const stop = new AbortController();
  const givenUp = joiner.copy({ ...request, signal: stop.signal });
  for (let turn = 0; turn < 50; turn++) await holder.stats();
  stop.abort();
  await assert.rejects(givenUp, /was given up/);
  holder.serve(state);
  assert.deepEqual(await copying, { position, header: state.header, fetched: total });
  assert.ok(same(into, state.sections));
  holder.serve(null);
  const lost = assert.rejects(joiner.copy(request), { code: 'STATE_TRANSFER' });
  for (let turn = 0; turn < 50; turn++) await holder.stats();
  hosts.splice(hosts.indexOf(holder), 1);
  await holder.close();
  await lost;
});

// Would catch a range that counts as held because nothing was ever in it, and zeros that are not sent.
test('whoever comes with nothing but zeros gets everything', async () => {
  const [holder, joiner] = [await start(), await start()];
  const made = stateOf(10);
  made.sections.firstMoments.fill(0);
  holder.serve(made);
  const into = shared(vectors(() => 0));
  const { request } = copyFrom(holder, { room: async () => into });
  assert.equal((await joiner.copy(request)).fetched, total);
  assert.ok(same(into, made.sections));
});

// Would catch a copy that begins anew with each holder, so that no holder lives long enough.
test('what a lost holder has given is not fetched from the next one', async () => {
  const [lost, holder, joiner] = [await start(), await start(), await start()];
  const state = stateOf(11);
  lost.serve(state);
  holder.serve(state);
  const room = async (): Promise<StateVectors> => into;
  const { request, into } = copyFrom(lost, { room });
  into.firstMoments.set(state.sections.firstMoments);
  const copied = await joiner.copy({ ...request, address: holder.address });
  assert.equal(copied.fetched, total - rangeBytes);
  hosts.splice(hosts.indexOf(lost), 1);
  await lost.close();
  await assert.rejects(joiner.copy(request), { code: 'STATE_TRANSFER' });
});

// Would catch a worker that waits for ever although nobody will give it the state.
test('other sections and another secret are refused, and a copy can be given up', async () => {
  const [holder, joiner, stranger] = [await start(), await start(), await start(Buffer.from('x'))];
  holder.serve(stateOf(13));
  const { request, into } = copyFrom(holder);
  const shorter = { ...into, parameters: new Float32Array(new SharedArrayBuffer(8)) };
  await assert.rejects(
    joiner.copy({ ...request, room: async () => shorter }),
    /has parameters \(8388620 bytes\), .*: should be parameters \(8 bytes\)/,
  );
  await assert.rejects(stranger.copy(request), /the proof is not of the secret/);
  await assert.rejects(
    joiner.copy({ ...request, room: () => Promise.reject(new Error('no memory')) }),
    /no memory/,
  );
  const stop = new AbortController();
  const room = async (): Promise<StateVectors> => {
    stop.abort();
    return into;
  };
  await assert.rejects(joiner.copy({ ...request, room, signal: stop.signal }), /it was given up/);
});
