import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readLines } from './read-lines.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-lines-'));
after(() => rmSync(folder, { recursive: true }));

async function read(text: string, longest = 200_000): Promise<string[]> {
  const path = join(folder, 'lines');
  writeFileSync(path, text);
  const found: string[] = [];
  for await (const line of readLines(path, longest)) {
    found.push(line.kind === 'line' ? line.text : `(${line.kind})`);
  }
  return found;
}

// Would catch a line that is cut where a piece of the file ends, and one that takes all memory.
test('lines of any length come whole, up to the longest that is allowed', async () => {
  const long = 'x'.repeat(150_000);
  assert.deepEqual(await read(`a\n${long}\n\nb\n`), ['a', long, '', 'b']);
  assert.deepEqual(await read(`a\n${long}\nb\n`, 100_000), ['a', '(too-long)', 'b']);
  assert.deepEqual(await read(''), []);
});

// Would catch half a line that passes for a damaged one.
test('what a file ends with and is no line is said', async () => {
  assert.deepEqual(await read('a\nb'), ['a', '(torn)']);
});
