import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OptionError } from '../../../process/options.js';
import { readWorkerOptions, workerName } from './worker-options.js';

const place = { host: 'gpu-3.example.org', random: '0a1b2c' };
const least = ['--job', 'movies', '--cache', '/cache'];

// Would catch a default that binds to the network, or a worker that cannot be told from another one.
test('with the least said it listens on this machine only and has a name of its own', () => {
  assert.deepEqual(readWorkerOptions(least, place), {
    job: 'movies',
    run: null,
    worker: 'gpu-3-example-org-0a1b2c',
    cacheDirectory: '/cache',
    checkpoints: '/cache/checkpoints/movies',
    bind: { host: '127.0.0.1', port: 0 },
    announce: null,
    metrics: { host: '127.0.0.1', port: 0 },
    grace: 25_000,
  });
});

// Would catch a name that means something else in a subject.
test("a host's name is made safe for a subject", () => {
  assert.equal(workerName('a.b>*', 'ff'), 'a-b-ff');
  assert.equal(workerName('...', 'ff'), 'worker-ff');
  assert.equal(workerName('x'.repeat(300), 'ff').length, 128);
});

// Would catch addresses of IPv6 that are taken apart at the wrong colon.
test('addresses are a host, with a port or without', () => {
  const bound = (text: string) => readWorkerOptions([...least, '--bind', text], place).bind;
  assert.deepEqual(bound('0.0.0.0:7000'), { host: '0.0.0.0', port: 7000 });
  assert.deepEqual(bound('gpu-3'), { host: 'gpu-3', port: 0 });
  assert.deepEqual(bound('::'), { host: '::', port: 0 });
  assert.deepEqual(bound('[fd00::1]:7000'), { host: 'fd00::1', port: 7000 });
});

// Would catch a bad option that is found out in the middle of a run.
test('what cannot be used is named with its value and its rule', () => {
  for (const words of [
    ['--worker', 'a.b'],
    ['--run', 'x'],
    ['--bind', 'a:b:c:70000'],
    ['--bind', 'host:70000'],
    ['--announce', ''],
    ['--checkpoints', 'ftp://x'],
    ['--grace', '0'],
  ]) {
    assert.throws(
      () => readWorkerOptions([...least, ...words], place),
      (error: Error) => error instanceof OptionError && error.message.includes(words[0] as string),
      words.join(' '),
    );
  }
});
