import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../usage-error.js';
import { readTopArguments } from './top-arguments.js';

// Would catch a folder that is looked for on a nats-server, and a job's name that is taken for a folder.
test('a folder with a history is a run of this machine, and another word a job', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-top-'));
  try {
    writeFileSync(join(folder, 'history.jsonl'), '');
    assert.deepEqual(readTopArguments([folder]), {
      subject: { kind: 'folder', folder },
      once: false,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  const nats = 'nats://one:4222';
  assert.deepEqual(readTopArguments(['books', '--nats', nats, '--once']), {
    subject: { kind: 'job', name: 'books', nats },
    once: true,
  });
  assert.deepEqual(readTopArguments(['--nats', nats])?.subject, {
    ...{ kind: 'job', name: null, nats },
  });
  assert.equal(readTopArguments(['--help']), null);
});

// Would catch a wrong path that is answered with a word on nats-servers.
test('what cannot be watched is refused with what can', () => {
  assert.throws(
    () => readTopArguments(['runs/none']),
    (error) => error instanceof UsageError && error.message.includes('history.jsonl'),
  );
  for (const words of [['a', 'b'], ['--follow']]) {
    assert.throws(() => readTopArguments(words), UsageError);
  }
});
