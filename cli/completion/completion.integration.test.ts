/** What real shells make of the scripts, where they are installed. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { commandTable } from '../commands/command-table.js';
import { bashScript } from './bash.js';
import { completedCommands } from './completed.js';
import { fishScript } from './fish.js';
import { zshScript } from './zsh.js';

const isThere = (shell: string): boolean => spawnSync(shell, ['-c', 'true']).status === 0;
const without = (shell: string): string | false =>
  isThere(shell) ? false : `${shell} is not installed`;

const commands = await completedCommands(commandTable);
const folder = mkdtempSync(join(tmpdir(), 'lockstep-completion-'));
mkdirSync(join(folder, 'runs'));
writeFileSync(join(folder, 'job.yaml'), '');
after(() => rmSync(folder, { recursive: true }));

/** What bash offers for the last of the words, as pressing Tab does. */
function offered(...words: readonly string[]): string[] {
  const program = `${bashScript(commands)}
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
_lockstep; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { status, stderr, stdout } = spawnSync(
    'bash',
    ['--norc', '-c', program, 'bash', 'lockstep', ...words],
    { cwd: folder, encoding: 'utf8' },
  );
  assert.equal(status, 0, stderr);
  assert.equal(stderr, '');
  return stdout.trim().split('\n').filter(Boolean);
}

// Would catch a command or an option that is left out, and one of another command that is offered.
test('bash completes commands and their own options', { skip: without('bash') }, () => {
  assert.deepEqual(offered('co'), ['coordinator', 'continue', 'completion']);
  assert.ok(offered('').length >= 28);
  assert.deepEqual(offered('train', '--re'), ['--resume', '--resume-if-any']);
  assert.deepEqual(offered('attach', '--re'), []);
  assert.deepEqual(offered('status', '-'), [
    ...['--context', '--namespace', '-n', '--json', '--help', '-h', '--watch', '-w'],
  ]);
  assert.deepEqual(offered('completion', ''), ['bash', 'zsh', 'fish', '--help']);
});

// Would catch files where a folder is wanted, options where a value is, and words where nobody can know.
test('bash completes values and names by what they are', { skip: without('bash') }, () => {
  assert.deepEqual(offered('train', 'j'), ['job.yaml']);
  assert.deepEqual(offered('train', '--output', ''), ['runs']);
  assert.deepEqual(offered('eval', ''), ['runs']);
  assert.deepEqual(offered('train', '--workers', ''), []);
  assert.deepEqual(offered('attach', ''), []);
});

// Would catch a name with a space that is offered as two, and a star that is offered as all files.
test('bash completes a name as it is', { skip: without('bash') }, () => {
  for (const name of ['my job.yaml', 'my *.yaml']) writeFileSync(join(folder, name), '');
  assert.deepEqual(offered('train', 'my').sort(), ['my *.yaml', 'my job.yaml']);
});

// Would catch `data import`, whose options follow its second word.
test('bash completes a command of several parts', { skip: without('bash') }, () => {
  assert.deepEqual(offered('data', ''), ['fetch', 'import', 'show', '--help']);
  assert.deepEqual(offered('data', 'import', '--min-r'), ['--min-rating']);
  assert.deepEqual(offered('data', 'show', '--i'), ['--item']);
  assert.deepEqual(offered('data', 'import', '--items', 'j'), ['job.yaml']);
});

// Would catch a description with a quote or a bracket that ends the script.
test('zsh reads the script', { skip: without('zsh') }, () => {
  const { status, stderr } = spawnSync('zsh', ['-n'], {
    input: zshScript(commands),
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
});

// Would catch a condition that never holds, and a quote that ends the script.
test('fish completes commands and their own options', { skip: without('fish') }, () => {
  const of = (line: string): string[] => {
    const program = `${fishScript(commands)}\ncomplete -C ${JSON.stringify(line)}`;
    const { stderr, stdout } = spawnSync('fish', ['--no-config', '-c', program], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(stderr, '');
    return stdout
      .split('\n')
      .map((text) => text.split('\t')[0] ?? '')
      .filter(Boolean);
  };
  assert.deepEqual(of('lockstep co').sort(), ['completion', 'coordinator']);
  assert.deepEqual(of('lockstep train --re').sort(), ['--resume', '--resume-if-any']);
  assert.deepEqual(of('lockstep data import --min-r'), ['--min-rating']);
});
