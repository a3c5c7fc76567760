/**
 * A run as pods are one: coordinator, worker and onlooker, each with its own credentials of the job's
 * account on servers in operator mode, and nothing else.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { jobCredentials } from '../../k8s/nats/credentials.js';
import { deriveKeys } from '../../k8s/nats/keys.js';
import { NatsAccounts } from '../../k8s/nats/nats-accounts.js';
import {
  type OperatorServers,
  startOperatorServers,
} from '../../k8s/nats/operator-servers-fixture.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { parseNatsUrl } from '../../shared/nats-address.js';
import { projectRoot } from '../../shared/project-root.js';
import { type Command, startCommand } from './command.js';
import { smallDataset } from './small-run/small-dataset.js';
import { smallJob } from './small-run/small-job.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const root = mkdtempSync(join(tmpdir(), 'lockstep-job-account-'));
const at = (...names: string[]) => join(root, ...names);

const keys = deriveKeys(new Uint8Array(32).fill(7));
const job = { uid: 'e0b1', name: 'small' };
const credentials = jobCredentials(keys, job, 1);
const started: ChildProcess[] = [];
let servers: OperatorServers;

before(async () => {
  servers = await startOperatorServers(keys, 1);
  await smallDataset(at('data'));
  writeFileSync(at('links.secret'), keys.linksSecret(job.uid));
  const { coordinatorCreds, watcherCreds, workerCreds } = credentials;
  writeFileSync(at('coordinator.creds'), coordinatorCreds);
  writeFileSync(at('worker.creds'), workerCreds);
  writeFileSync(at('watcher.creds'), watcherCreds);
  const more = { duration: { steps: 4 }, checkpoint: { everySteps: 2 } };
  writeFileSync(at('job.json'), JSON.stringify(smallJob(at('data'), more)));
});
after(async () => {
  for (const child of started) child.kill('SIGKILL');
  await servers.stop();
  rmSync(root, { recursive: true, force: true });
});

const environmentOf = (role: string): Record<string, string> => ({
  LOCKSTEP_NATS_URL: servers.url,
  LOCKSTEP_NATS_CREDENTIALS_FILE: at(`${role}.creds`),
  LOCKSTEP_SECRET_FILE: at('links.secret'),
});

function start(role: string, ...words: string[]): Command {
  const command = startCommand(program, [...words, '--json'], environmentOf(role));
  started.push(command.process);
  return command;
}

/** It says what it does in words for people. */
function startWorker(more: Record<string, string> = {}): Promise<number | null> {
  const words = ['worker', '--job', 'small', '--name', 'w', '--output', at('worker')];
  const child = spawn(process.execPath, [program, ...words], {
    stdio: 'ignore',
    env: { ...process.env, ...environmentOf('worker'), ...more },
  });
  started.push(child);
  return new Promise((resolve) => child.once('exit', resolve));
}

// Would catch rights in a token that leave out what a process of a real run asks for, and streams of a run
// that stay where its job is deleted.
test('a run trains with the credentials of its job, is watched, and leaves nothing', async () => {
  const accounts = new NatsAccounts({ keys, address: parseNatsUrl(servers.url), servers: 1 });
  assert.equal(await startWorker({ LOCKSTEP_NATS_WAIT: '1' }), exitCodes.usage);
  const where = ['--output', at('run'), '--checkpoints', 'workers'];
  // It comes before the server knows its job.
  const coordinator = start('coordinator', 'coordinator', at('job.json'), ...where);
  await coordinator.warned(/^waiting: Cannot connect .*: tries again/);
  await accounts.push(credentials.accountJwt);
  const worker = startWorker();
  const ended = await coordinator.end;
  assert.equal(ended.code, exitCodes.success, ended.errors);
  const watched = await start('watcher', 'attach', 'small').end;
  assert.equal(watched.code, exitCodes.success, watched.errors);
  assert.equal(watched.last.weights_sha256, ended.last.weights_sha256);
  assert.match(String(ended.last.weights_sha256), /^[0-9a-f]{64}$/);
  assert.equal(await worker, exitCodes.success);

  const account = keys.account(job.uid).publicKey;
  assert.ok(servers.streamsOnDisk(account).length > 0);
  await accounts.remove(job.uid, job.name);
  assert.deepEqual(servers.streamsOnDisk(account), []);
  await accounts.close();
});
