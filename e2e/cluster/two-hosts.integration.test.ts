/**
 * Two hosts that share nothing but a network: own addresses, folders and clocks. Each is a network
 * namespace, so the test is skipped where none may be made.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { projectRoot } from '../../shared/project-root.js';
import { startCommand } from '../run/command.js';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { smallJob } from '../run/small-run/small-job.js';
import { canMakeHosts, type Host, Hosts, type StartedProcess } from './hosts.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const skip = canMakeHosts() ? false : 'this process may not make network namespaces';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-hosts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const steps = 60;
const job = join(folder, 'job.json');
const secret = join(folder, 'secret');

async function prepare(): Promise<void> {
  const dataset = join(folder, 'dataset');
  await smallDataset(dataset);
  const more = { duration: { steps }, lanes: 2, checkpoint: { everySteps: 50 } };
  writeFileSync(job, JSON.stringify(smallJob(dataset, more)));
  writeFileSync(secret, 'ab'.repeat(32));
}

/** What the job comes to on one machine, with one worker, undisturbed. */
async function weightsOfOne(): Promise<unknown> {
  const output = join(folder, 'one');
  const run = startCommand(program, ['train', job, '--workers', '1', '--output', output, '--json']);
  const { code, last, errors } = await run.end;
  assert.equal(code, 0, errors);
  return last.weights_sha256;
}

class Cluster {
  readonly #hosts: Hosts;
  readonly #started: StartedProcess[] = [];
  readonly one: Host;
  readonly two: Host;

  constructor() {
    this.#hosts = new Hosts(folder);
    this.one = this.#hosts.add();
    // A day ahead, and up for years longer.
    this.two = this.#hosts.add({ monotonicOffset: 1e8, wallOffset: 86_400 });
  }

  startServer(): void {
    const config = join(this.one.folder, 'nats.conf');
    const store = join(this.one.folder, 'jetstream');
    writeFileSync(
      config,
      `listen: "${this.one.address}:4222"\njetstream { store_dir: "${store}" }\n` +
        'authorization { user: "u", password: "geheim" }\n',
    );
    this.#started.push(this.one.start(findNatsServer(), ['-c', config]));
  }

  lockstep(host: Host, ...words: string[]): StartedProcess {
    const started = host.start(process.execPath, [program, ...words], {
      LOCKSTEP_NATS_URL: `nats://u:geheim@${this.one.address}:4222`,
      LOCKSTEP_SECRET_FILE: secret,
    });
    this.#started.push(started);
    return started;
  }

  async end(): Promise<void> {
    for (const { child } of this.#started) child.kill('SIGKILL');
    await Promise.all(this.#started.map(({ exited }) => exited));
    this.#hosts.remove();
  }
}

/** Until a process has said it, or has ended. */
async function said(process: StartedProcess, pattern: RegExp): Promise<void> {
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (pattern.test(process.output())) resolve();
    };
    process.child.stdout?.on('data', look);
    void process.exited.then(() => resolve());
    look();
  });
  assert.match(process.output(), pattern);
}

// Would catch whatever only works on one machine: a path, an address, a clock that is compared; and
// a host that comes back and is not let in, or brings what it had computed alone.
test('a host that is cut off and comes back changes nothing of the result', { skip }, async () => {
  await prepare();
  const expected = await weightsOfOne();
  const cluster = new Cluster();
  try {
    cluster.startServer();
    // Both or none, so that nothing is over before the host is back, however quick the machine is.
    const both = ['--set', 'workers.replicas=2', '--set', 'workers.min=2'];
    const words = ['--checkpoints', 'workers', '--json', ...both];
    const coordinator = cluster.lockstep(cluster.one, 'coordinator', job, ...words);
    const workers = ['one', 'two'] as const;
    for (const name of workers) {
      cluster.lockstep(cluster[name], 'worker', '--job', 'small', '--name', name);
    }
    await said(coordinator, /"kind":"committed".*"committed_steps":20,/s);
    cluster.two.cut();
    await said(coordinator, /"kind":"waiting"[^\n]*two was silent/);
    cluster.two.reconnect();
    const watched = cluster.lockstep(cluster.two, 'attach', 'small', '--json');
    assert.equal(await watched.exited, 0, watched.output());
    assert.equal(await coordinator.exited, 0, coordinator.output());
    const result = JSON.parse(
      readFileSync(join(cluster.one.folder, 'runs/small/result.json'), 'utf8'),
    ) as { weights_sha256: unknown };
    assert.equal(result.weights_sha256, expected);
    assert.match(watched.output(), new RegExp(String(expected)));
  } finally {
    await cluster.end();
  }
});
