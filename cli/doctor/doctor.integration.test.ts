/** The command as a process, on this machine and on one where things are missing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { probeEngine } from './facts/probe-engine.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

function doctor(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { LOCKSTEP_NATS_URL: _, ...own } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'doctor', ...words], {
    env: { ...own, ...environment },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

// Would catch a machine on which all tests train and of which the doctor says that it cannot.
test('the machine that runs the tests can train', () => {
  const { status, stdout } = doctor(['--json']);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines.at(-1)?.missing, []);
  assert.equal(status, 0, stdout);
  const torch = lines.find(({ name }) => name === 'engine torch');
  assert.match(torch?.text, /^libtorch \d+\.\d+/);
});

// Would catch a doctor that dies of what it looks for.
test('a machine without a nats-server is told so, by the exit code as well', () => {
  const { status, stdout, stderr } = doctor([], {
    LOCKSTEP_NATS_SERVER: '/nowhere/nats-server',
    LOCKSTEP_NATS_URL: 'nats://someone:secret@127.0.0.1:1',
  });
  assert.equal(status, 2, stderr);
  assert.equal(stderr, '');
  assert.match(stdout, /^missing {2}nats-server .*\n(.*\n)?.*\n? +-> run `npm run setup`/m);
  assert.ok(!stdout.includes('secret@'), 'the secret is shown');
});

// Would catch an addon for another machine that takes the command with it.
test('an addon that cannot be loaded is a finding', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-doctor-'));
  try {
    const file = join(folder, 'broken.node');
    writeFileSync(file, 'this is no library');
    const found = await probeEngine('torch', file);
    assert.equal(found.kind, 'broken');
    assert.deepEqual(await probeEngine('torch', join(folder, 'none.node')), {
      kind: 'absent',
      file: join(folder, 'none.node'),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
