import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

const parent = new URL('./parent.js', import.meta.url).href;

/** Looks at its parent only when that is gone, as a process does that is long in starting. */
const late = `
process.on('message', () => undefined);
process.once('disconnect', async () => {
  const { watchParent } = await import(${JSON.stringify(parent)});
  watchParent({ onCommand: () => undefined, onGone: () => process.exit(7) });
});`;

// Would catch a coordinator that outlives the command that started it, because that was killed in the second
// before anyone listened.
test('a parent that has gone before it was watched is found to be gone', async () => {
  const words = ['--input-type=module', '--eval', late];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  await once(child, 'spawn');
  child.disconnect();
  assert.deepEqual(await once(child, 'exit'), [7, null]);
});
