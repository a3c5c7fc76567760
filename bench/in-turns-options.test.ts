import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseInTurnsOptions } from './in-turns-options.js';

// Would catch options of the commands that are taken for our own.
it('leaves the words of both commands alone', () => {
  const words = ['--rounds', '3', '--', 'npm', 'run', 'x', '--', '--steps', '2', '---', 'b', '-q'];
  assert.deepEqual(parseInTurnsOptions(words), {
    rounds: 3,
    first: ['npm', 'run', 'x', '--', '--steps', '2'],
    second: ['b', '-q'],
  });
});

// Would catch a comparison of a command with nothing.
it('says which separator or command is missing', () => {
  assert.throws(() => parseInTurnsOptions(['a', '---', 'b']), /"--" must stand before/);
  assert.throws(() => parseInTurnsOptions(['--', 'a', 'b']), /"---" must stand between two/);
  assert.throws(() => parseInTurnsOptions(['--', 'a', '---']), /"---" must stand between two/);
  assert.throws(() => parseInTurnsOptions(['--rounds', 'x', '--', 'a', '---', 'b']), /--rounds/);
});
