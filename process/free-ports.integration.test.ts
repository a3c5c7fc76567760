import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { after, test } from 'node:test';
import { requireFreePorts } from './free-ports.js';
import { PortUnavailableError } from './port-unavailable-error.js';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
after(() => server.close());

// Would catch: only the coordinator's port is looked at, and a worker dies of its own.
test('a busy port is named, whichever of the row it is', async () => {
  await assert.rejects(
    requireFreePorts('--metrics-port', { first: port - 1, count: 2 }),
    (error) =>
      error instanceof PortUnavailableError &&
      error.message.includes(`--metrics-port ${port - 1}`) &&
      /EADDRINUSE|EACCES/.test(error.message),
  );
});

// Would catch a look that keeps the port that it has looked at.
test('a free port stays free', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const free = (other.address() as AddressInfo).port;
  await new Promise((resolve) => other.close(resolve));
  await requireFreePorts('--metrics-port', { first: free, count: 1 });
  await requireFreePorts('--metrics-port', { first: free, count: 1 });
});
