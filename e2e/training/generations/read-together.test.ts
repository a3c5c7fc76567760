/** Hosts with folders of their own: a checkpoint that not every member can read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { generation, rank } from '../../../shared/ids.js';
import { openArithmetic } from '../../../worker/arithmetic/open-arithmetic.js';
import { Membership } from '../../../worker/training/generations/membership.js';
import { readTogether } from '../../../worker/training/generations/read-together.js';
import { linkInMemory } from './memory-members.js';

const length = 1000;
const values = Float32Array.from({ length }, (_, index) => Math.sin(index));

/** What each member has at the end; `sees` tells who can read. */
async function read(sees: readonly boolean[]) {
  const links = linkInMemory(sees.length, generation(1), () => undefined);
  const results = await Promise.all(
    sees.map(async (canRead, index) => {
      const entry = {
        generation: generation(1),
        rank: rank(index),
        shares: sees.map(() => 1),
        links: links.ports[index] ?? null,
        writes: false,
      };
      const membership = new Membership(entry, openArithmetic());
      const vectors = [0, 1].map(() => new Float32Array(new SharedArrayBuffer(length * 4)));
      const isThere = await readTogether(membership, 7, vectors, async () => {
        if (canRead) for (const vector of vectors) vector.set(values);
        // What a reader leaves that finds out at the end that the bytes are damaged.
        else vectors[0]?.fill(-1);
        return canRead;
      });
      membership.close();
      return { isThere, vectors };
    }),
  );
  links.close();
  return results;
}

// Would catch a member that goes on with what it could not read, and one that waits for what nobody sends.
test('who cannot read gets every byte from the first who can', async () => {
  for (const sees of [
    [true],
    [true, true],
    [false, true, false],
    [true, false],
    [false, false, true],
  ]) {
    for (const { isThere, vectors } of await read(sees)) {
      assert.equal(isThere, true);
      for (const vector of vectors) assert.deepEqual(vector, values);
    }
  }
});

test('all hear that nobody can', async () => {
  for (const { isThere } of await read([false, false])) assert.equal(isThere, false);
  assert.equal((await read([false]))[0]?.isThere, false);
});
