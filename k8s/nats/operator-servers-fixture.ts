/** nats-servers that trust an installation's keys, configured as the manifests do it. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GuardedServer, startGuardedServer } from '../../process/nats/guarded-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import type { Keys } from './keys.js';
import { natsAuthFile, natsAuthText, natsRoutesFile, natsRoutesText } from './server-auth.js';

export interface OperatorServers {
  readonly servers: readonly GuardedServer[];
  /** Of all of them, without a secret. */
  readonly url: string;
  /** Streams of an account that lie on any server's disk, as `nats-0/NAME`. */
  streamsOnDisk(account: string): string[];
  stop(): Promise<void>;
}

export async function startOperatorServers(keys: Keys, count: 1 | 3): Promise<OperatorServers> {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-operator-'));
  const routes = count === 1 ? [] : await freePorts(count);
  const servers = await Promise.all(
    Array.from({ length: count }, (_, index) => start(keys, folder, index, routes)),
  );
  return {
    servers,
    url: servers.map(({ port }) => `nats://127.0.0.1:${port}`).join(','),
    streamsOnDisk: (account) =>
      servers.flatMap((_, index) => {
        const directory = join(
          folder,
          `nats-${index}`,
          'jetstream',
          'jetstream',
          account,
          'streams',
        );
        const names = existsSync(directory) ? readdirSync(directory) : [];
        return names.map((name) => `nats-${index}/${name}`);
      }),
    async stop() {
      await Promise.all(servers.map((server) => server.stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function start(
  keys: Keys,
  folder: string,
  index: number,
  routes: readonly number[],
): Promise<GuardedServer> {
  const directory = join(folder, `nats-${index}`);
  mkdirSync(directory);
  writeFileSync(join(directory, natsAuthFile), natsAuthText(keys), { mode: 0o600 });
  writeFileSync(
    join(directory, natsRoutesFile),
    natsRoutesText(
      keys,
      routes.map((port) => `127.0.0.1:${port}`),
    ),
    { mode: 0o600 },
  );
  writeFileSync(
    join(directory, 'nats.conf'),
    `server_name: "nats-${index}"
listen: "127.0.0.1:-1"
ports_file_dir: ${JSON.stringify(directory)}
include ${natsAuthFile}
resolver { type: full, dir: ${JSON.stringify(join(directory, 'accounts'))}, allow_delete: true, timeout: "300ms" }
jetstream { store_dir: ${JSON.stringify(join(directory, 'jetstream'))}, max_file_store: 20GB }
${clusterText(index, routes)}`,
  );
  const logFile = join(folder, `nats-${index}.log`);
  return startGuardedServer({ binary: findNatsServer(), directory, logFile });
}

function clusterText(index: number, routes: readonly number[]): string {
  if (routes.length === 0) return '';
  return `cluster {
  name: lockstep
  listen: "127.0.0.1:${routes[index]}"
  include ${natsRoutesFile}
}
`;
}

async function freePorts(count: number): Promise<number[]> {
  const held = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(
    held.map((server) => new Promise((resolve) => server.once('listening', resolve))),
  );
  const ports = held.map((server) => (server.address() as { port: number }).port);
  await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
