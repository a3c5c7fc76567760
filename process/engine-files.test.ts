import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { EngineUnavailableError, requireEngineFile } from './engine-files.js';

const nowhere = new URL(`${pathToFileURL('/nowhere').href}/`);

// Would catch a run that starts every process only to hear that nobody has set its engine up.
for (const [engine, command] of [
  ['torch', 'npm run setup'],
  ['tensorflow', 'npm run setup -- --engine tensorflow'],
] as const) {
  test(`the engine ${engine} without its files is refused, with the command that brings it`, () => {
    assert.throws(
      () => requireEngineFile(engine, nowhere),
      (error) =>
        error instanceof EngineUnavailableError && error.message.includes(`\`${command}\``),
    );
  });
}

// Would catch an engine of npm alone that is refused because it has no file of its own.
test('an engine that needs no set-up is never refused', () => {
  requireEngineFile('cpu', nowhere);
  requireEngineFile('wasm', nowhere);
});
