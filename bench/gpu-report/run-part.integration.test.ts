import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Part, Purpose } from './part.js';
import { runPart } from './run-part.js';

const logs = mkdtempSync(join(tmpdir(), 'lockstep-run-part-'));
after(() => rmSync(logs, { recursive: true }));

const shell = (script: string) => ({ words: ['sh', '-c', script] });

const part = (kind: 'build' | 'turns', scripts: string[], limitSeconds = 20): Part => {
  const purpose: Purpose = kind === 'turns' ? { kind, batch: 'b', dtype: 'f32' } : { kind };
  return { name: 'p', purpose, commands: scripts.map(shell), limitSeconds };
};

const run = (what: Part, secondsLeft = 100) => runPart(what, { logs, label: '01', secondsLeft });

describe('a part', () => {
  it('keeps the log and the last JSON of each command', async () => {
    const { ending, commands } = await run(part('build', ['echo \'{"a":1}\'; echo oh >&2']));
    assert.deepEqual(ending, { kind: 'passed' });
    assert.deepEqual(commands[0]?.json, { a: 1 });
    assert.match(readFileSync(join(logs, '01-1.log'), 'utf8'), /^\$ sh -c .*\n\{"a":1\}\noh\n$/);
  });

  // Would catch a build without its configuration, and a turn that is lost with its neighbour.
  it('stops a build at its first failure, but not turns', async () => {
    const built = await run(part('build', ['exit 3', 'true']));
    assert.deepEqual(built.ending, { kind: 'failed', reason: 'it ended with 3' });
    assert.equal(built.commands.length, 1);
    const turns = await run(part('turns', ['exit 3', 'true']));
    assert.equal(turns.ending.kind, 'failed');
    assert.equal(turns.commands[1]?.ending.kind, 'passed');
  });

  // Would catch a limit that ends the shell and leaves what it has started.
  it('ends all of a command at its limit', async () => {
    const late = join(logs, 'late');
    const { ending } = await run(part('build', [`(sleep 1; touch ${late}) & wait`], 0.2));
    assert.match(JSON.stringify(ending), /ended after 0 s/);
    await sleep(1500);
    assert.ok(!existsSync(late));
  });

  it('is left out where no time is left', async () => {
    assert.equal((await run(part('build', ['true']), 0)).ending.kind, 'skipped');
  });

  it('says that a program is not there', async () => {
    const missing = { ...part('build', []), commands: [{ words: ['lockstep-no-such-program'] }] };
    assert.match(JSON.stringify((await run(missing)).ending), /did not start.*ENOENT/);
  });
});
