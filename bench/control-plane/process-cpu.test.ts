import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpuSecondsOf } from './process-cpu.js';

// Would catch fields counted from a name with blanks in it, and children's time taken for its own.
test('the CPU time of a process is that of its own threads, in its code and in the kernel', () => {
  const stat = '7 (a) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 9000 9000 20 0 11 0 12345 1000000';
  assert.equal(cpuSecondsOf(stat), 3);
});
