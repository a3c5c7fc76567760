import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fullDiskLine } from './local-nats-server.js';

// Would catch a run that ends with "503" because the server has no room for its plans.
test('a server that has no room is found by its log, and nothing else is taken for it', () => {
  const ready = '[7] 2026/01/01 10:00:00.000000 [INF] Server is ready\n';
  const lines = [
    'JetStream file resource limits exceeded for server',
    'JetStream failed to store a msg on stream: write /x/1.blk: no space left on device',
  ];
  for (const line of lines) {
    assert.equal(fullDiskLine(`${ready}[7] 2026/01/01 10:00:00.000000 [ERR] ${line}\n`), line);
  }
  assert.equal(fullDiskLine(`${ready}[7] 2026/01/01 10:00:00.000000 [ERR] client closed\n`), null);
  assert.equal(fullDiskLine(''), null);
});
