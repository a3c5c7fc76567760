import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OptionError } from '../../process/options.js';
import { makeOperatorToken } from './operator-token.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-operator-'));
after(() => rmSync(folder, { recursive: true }));
const fail = (text: string): never => assert.fail(text);
const variable = 'LOCKSTEP_DASHBOARD_OPERATOR_TOKEN_FILE';

// Would catch a token that others on the machine can read, or that stands in what a terminal keeps.
test('a run has a token that only its user can read, for this one start', () => {
  const file = join(folder, 'operator.token');
  // As a folder that was copied with the rights of everybody has it.
  writeFileSync(file, 'of an earlier start', { mode: 0o644 });
  const notes: string[] = [];
  const made = makeOperatorToken(folder, (text) => notes.push(text), {});
  assert.equal(made.file, file);
  const token = readFileSync(file, 'utf8');
  assert.match(token, /^[0-9a-f]{64}\n$/);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(notes, []);
  made.remove();
  assert.ok(!existsSync(file));
});

test('a token of the environment is taken as it is, and a wrong one is told before anything starts', () => {
  const own = join(folder, 'own');
  writeFileSync(own, `${'t'.repeat(32)}\n`);
  const made = makeOperatorToken(folder, fail, { [variable]: own });
  assert.equal(made.file, null);
  made.remove();
  assert.ok(existsSync(own) && !existsSync(join(folder, 'operator.token')));
  assert.throws(
    // Whoever may look could act.
    () => makeOperatorToken(folder, fail, { [variable]: own, LOCKSTEP_DASHBOARD_TOKEN_FILE: own }),
    OptionError,
  );
  writeFileSync(own, 'short');
  for (const file of [own, join(folder, 'none')]) {
    assert.throws(() => makeOperatorToken(folder, fail, { [variable]: file }), OptionError);
  }
});
