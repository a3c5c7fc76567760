/**
 * Two hosts that share nothing but a network: own addresses, folders and clocks. Each is a network
 * namespace, so the test is skipped where none may be made.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { startCommand } from '../run/command.js';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { smallJob } from '../run/small-run/small-job.js';
import { canMakeHosts, type Host, Hosts, type StartedProcess } from './hosts.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const skip = canMakeHosts() ? false : 'this process may not make network namespaces';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-hosts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The cut lasts as long as it has to; LOCKSTEP_TEST_CUT_SECONDS=20 makes it last that long at least. */
const cutMillis = Number(process.env.LOCKSTEP_TEST_CUT_SECONDS ?? 0) * 1000;
/** Committed before the cut, during it, and with both again. */
const stepsOfEach = 20;
const job = join(folder, 'job.json');
const secret = join(folder, 'secret');

async function prepare(): Promise<void> {
  const dataset = join(folder, 'dataset');
  await smallDataset(dataset);
  const more = {
    // It goes on until it is stopped, so that nothing is over before the host is back, however quick the
    // machine is; with this schedule the weights of a step do not depend on how many are to come.
    duration: { steps: 1_000_000 },
    optimizer: { schedule: { kind: 'constant' } },
    lanes: 2,
    workers: { replicas: 2, min: 1, max: 2 },
    checkpoint: { everySteps: 50 },
  };
  writeFileSync(job, JSON.stringify(smallJob(dataset, more)));
  writeFileSync(secret, 'ab'.repeat(32));
}

/** What the job comes to in so many steps on one machine, with one worker, undisturbed. */
async function weightsOfOne(steps: number): Promise<unknown> {
  const output = join(folder, 'one');
  const alone = ['--workers', '1', '--set', `duration.steps=${steps}`];
  const run = startCommand(program, ['train', job, ...alone, '--output', output, '--json']);
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

interface Line {
  readonly kind: string;
  readonly committed_steps: number;
  readonly members?: readonly string[];
}

/** What a process says with --json, from the moment on in which this is made. */
class Account {
  readonly #process: StartedProcess;
  readonly #lines: Line[] = [];
  #look: () => void = () => undefined;

  constructor(process: StartedProcess) {
    this.#process = process;
    createInterface({ input: process.child.stdout as Readable }).on('line', (line) => {
      this.#lines.push(JSON.parse(line) as Line);
      this.#look();
    });
  }

  /** The first line behind `from` that is so: waited for until the process has said it, or has ended. */
  async until(isSo: (line: Line) => boolean, from: Line | null = null): Promise<Line> {
    let next = from === null ? 0 : this.#lines.indexOf(from) + 1;
    let found: Line | undefined;
    await new Promise<void>((resolve) => {
      this.#look = () => {
        while (found === undefined && next < this.#lines.length) {
          const line = this.#lines[next++] as Line;
          if (isSo(line)) found = line;
        }
        if (found !== undefined) resolve();
      };
      this.#look();
      void this.#process.exited.then(() => resolve());
    });
    assert.ok(found !== undefined, this.#process.output());
    return found;
  }
}

const isCommitted =
  (steps: number) =>
  ({ kind, committed_steps }: Line): boolean =>
    kind === 'committed' && committed_steps === steps;

const isMembership =
  (members: readonly string[]) =>
  (line: Line): boolean =>
    (line.kind === 'started' || line.kind === 'generation') &&
    isDeepStrictEqual(line.members?.toSorted(), members);

// Would catch whatever only works on one machine: a path, an address, a clock that is compared; and
// a host that is waited for, that comes back and is not let in, or brings what it had computed alone.
test('a host that is cut off and comes back changes nothing of the result', { skip }, async () => {
  await prepare();
  const cluster = new Cluster();
  try {
    cluster.startServer();
    const words = ['--checkpoints', 'workers', '--json'];
    const coordinator = cluster.lockstep(cluster.one, 'coordinator', job, ...words);
    const account = new Account(coordinator);
    const workers = ['one', 'two'] as const;
    for (const name of workers) {
      cluster.lockstep(cluster[name], 'worker', '--job', 'small', '--name', name);
    }
    const later = async ({ committed_steps: steps }: Line) =>
      account.until(isCommitted(steps + stepsOfEach));
    const both = await account.until(isMembership(workers));
    await later(both);
    const isLongEnough = delay(cutMillis);
    cluster.two.cut();
    const alone = await account.until(isMembership(['one']), both);
    await later(alone);
    await isLongEnough;
    cluster.two.reconnect();
    const again = await account.until(isMembership(workers), alone);
    const watched = cluster.lockstep(cluster.two, 'attach', 'small', '--json');
    await later(again);
    await new Account(watched).until(({ kind }) => kind === 'committed');
    const stopping = cluster.lockstep(cluster.one, 'stop', 'small');
    assert.equal(await stopping.exited, 0, stopping.output());
    assert.equal(await watched.exited, exitCodes.stopped, watched.output());
    assert.equal(await coordinator.exited, exitCodes.stopped, coordinator.output());
    const result = JSON.parse(
      readFileSync(join(cluster.one.folder, 'runs/small/result.json'), 'utf8'),
    ) as { weights_sha256: unknown; committed_steps: number };
    assert.ok(result.committed_steps >= again.committed_steps + stepsOfEach);
    assert.equal(result.weights_sha256, await weightsOfOne(result.committed_steps));
    assert.match(watched.output(), new RegExp(String(result.weights_sha256)));
  } finally {
    await cluster.end();
  }
});
