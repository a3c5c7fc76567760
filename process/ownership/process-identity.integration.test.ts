import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { livenessOf, lookAt, ownIdentity, readStat } from './process-identity.js';

const linux = { skip: process.platform !== 'linux' };

// Would catch a start time that is read from the wrong field where a command's name has blanks or
// brackets, and a zombie that counts as alive.
test('the start of a process is found behind any command name', () => {
  const line = (name: string, state: string): string =>
    `12 (${name}) ${state} 1 12 12 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 7 0 98765 1000 10 18446744073709551615`;
  assert.deepEqual(readStat(line('node', 'S')), { startTicks: '98765', ended: false });
  assert.deepEqual(readStat(line('a) R 1 2 (b', 'Z')), { startTicks: '98765', ended: true });
  assert.equal(readStat('12 (node) S 1'), null);
  assert.equal(readStat(null), null);
});

// Would catch an identity that does not recognise its own process, or outlives it.
test('a process is alive while it runs and dead afterwards', linux, async () => {
  const mine = ownIdentity();
  assert.match(mine.boot ?? '', /^[0-9a-f]{12}$/);
  assert.equal(livenessOf(mine), 'alive');
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  await once(child, 'spawn');
  const seen = lookAt(child.pid as number);
  assert.ok(seen.kind === 'present' && seen.startTicks !== null);
  const its = { ...mine, pid: child.pid as number, startTicks: seen.startTicks };
  assert.equal(livenessOf(its), 'alive');
  assert.equal(livenessOf({ ...its, startTicks: '1' }), 'dead');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.equal(livenessOf(its), 'dead');
});
