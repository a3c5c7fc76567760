/** Each help against the table that the command's parser takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseArgs } from 'node:util';
import type { CommandEntry, CommandOptions } from './command-entry.js';
import { commandTable } from './command-table.js';
import { describedOptions } from './help-options.js';
import { mainHelp } from './main-help.js';

/** Those of its parts as well. */
async function optionsOf({ options, parts = {} }: CommandEntry): Promise<CommandOptions> {
  const all = await Promise.all(Object.values(parts).map((load) => load()));
  return Object.assign({}, await options(), ...all);
}

const helped = commandTable.filter(({ help }) => help !== null);

for (const entry of helped) {
  // Would catch an option that nobody can find, and one that help promises and the parser refuses.
  test(`the help of ${entry.name} has the options that its parser takes`, async () => {
    const taken = Object.entries(await optionsOf(entry))
      .filter(([name]) => name !== 'help')
      .map(([name, { short, type }]) => `${name} ${short ?? '-'} ${type === 'string'}`);
    const told = describedOptions(entry.help ?? '').map(
      ({ name, short, value }) => `${name} ${short ?? '-'} ${value !== null}`,
    );
    assert.deepEqual([...new Set(told)].sort(), taken.sort());
  });

  // Would catch a help that leaves its reader to guess, and an example that the command refuses.
  test(`the help of ${entry.name} has examples that its parser takes`, async () => {
    const [, examples = ''] = (entry.help ?? '').split('\nExamples:\n');
    const own = examples
      .split('\n\n')[0]
      ?.split('\n')
      .map((line) =>
        new RegExp(`\\blockstep ${entry.name}( [^#>")]*)?`).exec(line.replaceAll(/"[^"$]*"/g, 'x')),
      )
      .filter((found) => found !== null);
    assert.ok(own !== undefined && own.length > 0, examples);
    const options = await optionsOf(entry);
    for (const [, words = ''] of own) {
      const args = words.trim().split(/\s+/).filter(Boolean);
      assert.doesNotThrow(() => parseArgs({ args, options, allowPositionals: true }), words);
    }
  });
}

// Would catch a table that knows a command which cannot be loaded, or two of one name.
test('every command can be loaded, and has a name of its own', async () => {
  for (const { load } of commandTable) assert.equal(typeof (await load()), 'function');
  assert.equal(new Set(commandTable.map(({ name }) => name)).size, commandTable.length);
});

// Would catch a list of commands of which lines wrap or columns are out of line.
test('the list of commands is aligned and narrow', () => {
  const lines = mainHelp().split('\n');
  for (const { name, summary } of commandTable) {
    const line = lines.find((text) => text.startsWith(`  ${name} `)) ?? '';
    assert.ok(line.endsWith(` ${summary}`), name);
    assert.equal(line.indexOf(summary), 20, line);
    assert.ok(line.length <= 100, line);
  }
});
