import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  availableMemory,
  memoryGroup,
  memoryWarning,
  readOomKills,
  readResident,
} from './memory-words.js';
import { bytes, mebibytes } from './units.js';

const meminfo = 'MemTotal:       16000000 kB\nMemFree:  1 kB\nMemAvailable:    2097152 kB\n';
const none = { meminfo, limit: null, used: null, stat: null };

// Would catch a container that is told what its host has, and a cache of files that counts as used.
test('what is available is the least of machine and control group', () => {
  assert.equal(availableMemory(none), mebibytes(2048));
  const stat = 'anon 5\ninactive_file 1048576\n';
  const group = { meminfo, limit: `${2 ** 30}\n`, used: `${2 ** 29}\n`, stat };
  assert.equal(availableMemory(group), 2 ** 29 + 2 ** 20);
  const first = { ...group, stat: 'total_inactive_file 7\n' };
  assert.equal(availableMemory(first), 2 ** 29 + 7);
});

// Would catch "max", or version 1's number for it, that is taken for a limit of nothing.
test('a group without a limit does not count, nor does one over its limit hold less than nothing', () => {
  assert.equal(availableMemory({ ...none, limit: 'max\n', used: '5\n' }), mebibytes(2048));
  const huge = { ...none, limit: '9223372036854771712\n', used: '5\n' };
  assert.equal(availableMemory(huge), mebibytes(2048));
  assert.equal(availableMemory({ ...none, limit: '10', used: '20' }), 0);
  assert.equal(availableMemory({ ...none, meminfo: null }), null);
});

test('the group for memory is found in both versions', () => {
  const both = '9:name=systemd:/\n4:memory:/a:b/c\n0::/\n';
  assert.deepEqual(memoryGroup(both), { version: 1, path: '/a:b/c' });
  assert.deepEqual(memoryGroup('0::/user.slice\n'), { version: 2, path: '/user.slice' });
  assert.equal(memoryGroup('\n'), null);
});

test('the counts of the kernel are read', () => {
  assert.equal(readOomKills('pgfault 1\noom_kill 3\n'), 3);
  assert.equal(readOomKills('pgfault 1\n'), null);
  assert.equal(readResident('Name:\tnode\nVmRSS:\t    2048 kB\n'), mebibytes(2));
  assert.equal(readResident('Name:\tnode\nState:\tZ (zombie)\n'), null);
});

// Would catch a warning that does not say what to do, or that comes where everything fits.
test('a step that does not fit is announced with the settings that would help', () => {
  assert.match(
    memoryWarning(mebibytes(3072), mebibytes(1024)) ?? '',
    /at least 3\.0 GiB.*1\.0 GiB are available: engine\.activations "layer" or "lane"/,
  );
  assert.equal(memoryWarning(bytes(5), bytes(5)), null);
  assert.equal(memoryWarning(mebibytes(3072), null), null);
});
