import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAuditArguments } from './audit-arguments.js';

test('words become a complete wish', () => {
  const plain = { run: 'runs/a', nats: null, data: null, recompute: null, json: false };
  assert.deepEqual(readAuditArguments(['runs/a']), plain);
  assert.deepEqual(readAuditArguments(['runs/a', '--recompute', '--json']), {
    ...plain,
    ...{ recompute: true, json: true },
  });
  assert.equal(readAuditArguments(['runs/a', '--no-recompute'])?.recompute, false);
  const nats = 'nats://one:4222';
  assert.deepEqual(readAuditArguments(['movies', '--nats', nats, '--data', 'd']), {
    ...{ run: 'movies', nats, data: 'd', recompute: null, json: false },
  });
  assert.equal(readAuditArguments(['--help']), null);
});

// Would catch a wish that is half understood: an audit of another run, or of less than was asked for.
test('what cannot be meant is refused', () => {
  for (const words of [[], ['a', 'b'], ['a', '--recompute', '--no-recompute'], ['a', '--deep']]) {
    assert.throws(() => readAuditArguments(words), /see "lockstep audit --help"/);
  }
});
