import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startOf } from './process-start.js';

// Would catch: a field counted from the wrong side of a name with blanks in it.
test('a process has begun so long ago as its ticks are behind the uptime', () => {
  const after = Array.from({ length: 19 }, (_, index) => index).join(' ');
  const text = `1 (a (b) c) ${after} 5000 7 8\n60.50 99.0\n1000.250000000\n`;
  assert.equal(startOf(text), 989_750);
});
