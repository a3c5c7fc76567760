/**
 * For tests: a real S3 server on this machine, SeaweedFS in one process, as set-up installs it for tests.
 * It has ports of its own on the loopback interface, and a folder that goes away with it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { S3 } from '@aws-sdk/client-s3';
import { projectRoot } from '../../shared/project-root.js';

const binary = fileURLToPath(new URL('.venv/bin/weed', projectRoot));

/** Why tests with a server are left out here; false where they are not: for `test`'s option `skip`. */
export const noS3Server: string | false = existsSync(binary)
  ? false
  : 'no S3 server: "npm run setup -- --tests" installs one on Linux (x64, arm64)';

export interface S3Server {
  /** To be merged into a process's environment. */
  readonly environment: Readonly<Record<string, string>>;
  makeBucket(name: string): Promise<void>;
}

interface EndOfTests {
  after(work: () => Promise<void>): unknown;
}

const keys = { accessKey: 'lockstep-test', secretKey: 'a-secret-of-this-test' };

// A test that is killed closes the pipe; then the shell ends the server, and removes its folder.
const guard = `
exec 3<&0
directory=$1
shift
"$@" 3<&- &
server=$!
{ read -r line <&3; kill -KILL "$server"; } >/dev/null 2>&1 &
wait "$server"
rm -rf "$directory"
`;

const startTimeoutMs = 60_000;

/** @param end whose `after` ends it: a test's context, or those of a file */
export async function startS3Server(end: EndOfTests): Promise<S3Server> {
  const directory = mkdtempSync(join(tmpdir(), 'lockstep-s3-'));
  const ports = await freePorts(8);
  const configuration = join(directory, 's3.json');
  const identity = {
    name: 'test',
    credentials: [keys],
    actions: ['Admin', 'Read', 'Write', 'List'],
  };
  writeFileSync(configuration, JSON.stringify({ identities: [identity] }));
  const words = options(directory, configuration, ports);
  const shell = spawn('/bin/sh', ['-c', guard, 'sh', directory, binary, ...words], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  const exited = once(shell, 'exit');
  end.after(async () => {
    shell.stdin.end();
    await exited;
  });
  const port = ports[6] as number;
  const endpoint = `http://127.0.0.1:${port}`;
  for (let waited = 0; !(await answers(endpoint)); waited += 100) {
    if (waited > startTimeoutMs || shell.exitCode !== null) {
      throw new Error(`Cannot start the S3 server in ${directory}: ${binary} ${words.join(' ')}`);
    }
    await sleep(100);
  }
  const environment = {
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_ACCESS_KEY_ID: keys.accessKey,
    AWS_SECRET_ACCESS_KEY: keys.secretKey,
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  // As open-bucket.ts does.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
  const client = new S3({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: keys.accessKey, secretAccessKey: keys.secretKey },
  });
  const makeBucket = async (name: string): Promise<void> => {
    await client.createBucket({ Bucket: name });
  };
  return { environment, makeBucket };
}

function options(directory: string, configuration: string, ports: readonly number[]): string[] {
  const [master, masterGrpc, volume, volumeGrpc, filer, filerGrpc, s3, s3Grpc] = ports;
  return [
    'server',
    `-dir=${directory}`,
    '-ip=127.0.0.1',
    '-ip.bind=127.0.0.1',
    // It would tell its makers that it runs.
    '-master.telemetry=false',
    `-master.port=${master}`,
    `-master.port.grpc=${masterGrpc}`,
    '-master.volumeSizeLimitMB=64',
    `-volume.port=${volume}`,
    `-volume.port.grpc=${volumeGrpc}`,
    '-volume.max=20',
    '-volume.preStopSeconds=0',
    '-filer',
    `-filer.port=${filer}`,
    `-filer.port.grpc=${filerGrpc}`,
    `-filer.localSocket=${join(directory, 'filer.sock')}`,
    '-s3',
    `-s3.config=${configuration}`,
    `-s3.port=${s3}`,
    `-s3.port.grpc=${s3Grpc}`,
    '-s3.port.iceberg=0',
    '-s3.port.lance=0',
    `-s3.localSocket=${join(directory, 's3.sock')}`,
  ];
}

async function answers(endpoint: string): Promise<boolean> {
  return fetch(endpoint, { signal: AbortSignal.timeout(1000) }).then(
    (answer) => answer.status < 500,
    () => false,
  );
}

/** Open at once, so that all are different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
