import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../shared/project-root.js';
import { commandTable } from './command-table.js';
import { describedOptions } from './help-options.js';
import { cliReferencePage } from './reference.js';

const page = new URL('docs/cli.md', projectRoot);

// Catches: a command or an option that changes while the documentation stays as it was.
test('docs/cli.md says what the help of the commands says', () => {
  if (process.env.LOCKSTEP_UPDATE === '1') writeFileSync(page, cliReferencePage());
  assert.equal(readFileSync(page, 'utf8'), cliReferencePage());
});

// Catches: a section that is cut short, or a command that is left out.
test('every command has its section, with all its options', () => {
  const sections = new Map(
    cliReferencePage()
      .split('\n## ')
      .map((text) => [text.split('\n')[0], text]),
  );
  for (const { name, help } of commandTable) {
    const text = sections.get(`lockstep ${name}`) ?? '';
    assert.notEqual(text, '', name);
    assert.deepEqual(describedOptions(text), describedOptions(help ?? ''), name);
  }
});
