import { type AddressInfo, createServer } from 'node:net';
import { PortUnavailableError } from './port-unavailable-error.js';

/**
 * Looks whether so many ports in a row can be listened on, by listening on each for a moment. Another
 * process may still take one before ours does; then that one says so.
 *
 * @param option that asked for them, for the message
 * @throws PortUnavailableError
 */
export async function requireFreePorts(
  option: string,
  { first, count, host = '127.0.0.1' }: { first: number; count: number; host?: string },
): Promise<void> {
  for (let port = first; port < first + count; port++) {
    const refusal = await refusalOf(port, host);
    if (refusal === null) continue;
    const last = first + count - 1;
    throw new PortUnavailableError(
      `Cannot use ${option} ${first}: the ports ${first} to ${last} must be free on ${host}, one for ` +
        `each process: port ${port} is not: ${refusal}`,
    );
  }
}

/** One that nobody listens on now. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, host, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

function refusalOf(port: number, host: string): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(port, host, () => server.close(() => resolve(null)));
  });
}
