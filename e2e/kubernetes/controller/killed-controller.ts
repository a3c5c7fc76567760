/**
 * A controller that is killed again and again, at any point of its work, while its jobs are made, scaled,
 * suspended, resumed, ended and deleted, beside the cluster of KUBECONFIG. In the end every job must be as
 * its spec says, and nothing else may be left. The last line is JSON.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openAccountServer } from '../../../bus/nats-account-server.js';
import { ApiError } from '../../../k8s/api/api-error.js';
import type { ClusterApi } from '../../../k8s/api/cluster-api.js';
import { isFinished } from '../../../k8s/controller/policy/conditions.js';
import { controllerCreds } from '../../../k8s/nats/server-auth.js';
import { parseNatsUrl } from '../../../shared/nats-address.js';
import { readNatsCreds } from '../../../shared/nats-creds.js';
import { projectRoot } from '../../../shared/project-root.js';
import { Random } from '../../../shared/random.js';
import { firstOf, look, problemsIn } from './children-check.js';
import type { Doom } from './doomed-controller.js';
import { endCoordinator } from './end-coordinator.js';
import type { KilledResult } from './results.js';
import {
  controllerEnvironment,
  openTestInstallation,
  type TestInstallation,
  testJob,
} from './test-installation.js';
import { waitUntil } from './wait-until.js';

const ports = { reports: 19420, metrics: 19421 };
const program = (path: string): string => fileURLToPath(new URL(`dist/${path}`, projectRoot));
/** Loaded ahead: loading takes longer than most lives. */
const waitingMost = 2;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      jobs: { type: 'string', default: '20' },
      kills: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
    },
  });
  const [jobs, kills, seed] = [values.jobs, values.kills, values.seed].map(Number) as [
    number,
    number,
    number,
  ];
  const installation = await openTestInstallation();
  const env = { ...controllerEnvironment(installation, ports), LOCKSTEP_LOG_LEVEL: 'error' };
  const waiting: ChildProcess[] = [];
  const load = (): void => {
    while (waiting.length < waitingMost) {
      waiting.push(fork(program('e2e/kubernetes/controller/doomed-controller.js'), { env }));
    }
  };
  const ready = new WeakSet<ChildProcess>();
  const changes: Record<string, number> = {};
  const { api } = installation;
  const random = Random.for(seed, 'killed-controller');
  try {
    for (let index = 0; index < jobs; index++) await change(api, index, 'make', random);
    for (let kill = 0; kill < kills; kill++) {
      load();
      const victim = waiting.shift() as ChildProcess;
      if (!ready.has(victim)) await once(victim, 'message');
      for (const next of waiting) next.once('message', () => ready.add(next));
      const doom: Doom = {
        atRequest: 1 + random.below(30),
        when: (['before', 'sent', 'answered'] as const)[random.below(3)] ?? 'sent',
        afterMs: 1000 + random.below(4000),
      };
      const gone = once(victim, 'exit');
      victim.send(doom);
      const wishes = 1 + random.below(4);
      for (let wish = 0; wish < wishes; wish++) {
        const what = kinds[random.below(kinds.length)] ?? 'scale';
        changes[what] = (changes[what] ?? 0) + 1;
        await change(api, random.below(jobs), what, random);
      }
      await gone;
      if (kill % 10 === 9) process.stderr.write(`${kill + 1} of ${kills} kills\n`);
    }
    for (const child of waiting) child.kill('SIGKILL');
    const begin = performance.now();
    const controller = spawn(process.execPath, [program('k8s/controller/main.js')], {
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    await waitUntil(
      'every job is as its spec says, and nothing else is left',
      async () => firstOf(problemsIn(await look(api))),
      180,
      1000,
    );
    const secondsToRest = (performance.now() - begin) / 1000;
    const end = await look(api);
    const living = new Set(end.jobs.map(({ metadata }) => metadata.uid));
    const dead = [...made].filter((uid) => !living.has(uid));
    const accountsLeft = await knownAccounts(installation, dead);
    controller.kill('SIGTERM');
    await once(controller, 'exit');
    const result: KilledResult = {
      ...{ jobs, kills, seed, changes, secondsToRest },
      jobsLeft: end.jobs.length,
      childrenLeft: end.children.size,
      finished: end.jobs.filter(({ status }) => isFinished(status)).length,
      made: made.size,
      accountsLeft,
    };
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    for (const child of waiting) child.kill('SIGKILL');
    await installation.close();
  }
}

/** Uids of all jobs that there have been. */
const made = new Set<string>();

/** Most names are in use at any time: what ends or goes is made again. */
const kinds = [
  ...(['make', 'make', 'make', 'make'] as const),
  ...(['scale', 'scale', 'suspend', 'resume', 'resume'] as const),
  ...(['delete', 'end', 'fail', 'stop'] as const),
] as const;

async function change(
  api: ClusterApi,
  index: number,
  kind: (typeof kinds)[number],
  random: Random,
): Promise<void> {
  const name = `job-${index}`;
  const place = { kind: 'TrainingJob', namespace: 'default', name } as const;
  try {
    switch (kind) {
      case 'make': {
        const object = await api.create(
          testJob(name, {
            workers: { replicas: 1 + random.below(4), min: 1 },
            // Ended ones go by themselves, and most of them soon.
            ...(random.below(4) > 0 && { ttlSecondsAfterFinished: 1 }),
          }) as never,
        );
        made.add(object.metadata.uid ?? '');
        return;
      }
      case 'scale':
        await api.patch(place, { spec: { workers: { replicas: 1 + random.below(4) } } });
        return;
      case 'suspend':
        await api.patch(place, { spec: { suspend: true } });
        return;
      case 'resume':
        await api.patch(place, { spec: { suspend: false } });
        return;
      case 'delete': {
        const found = await api.get(place);
        return await api.remove(place, found.metadata.uid ?? '');
      }
      case 'end':
        return await endCoordinator(api, name, 0);
      case 'fail':
        return await endCoordinator(api, name, 3);
      case 'stop':
        return await endCoordinator(api, name, 5);
    }
  } catch (error) {
    // It is there already, or not any more, or was changed meanwhile.
    if (!(error instanceof ApiError) || ![404, 409, 422].includes(error.status)) throw error;
  }
}

/** How many of those jobs NATS still knows. */
async function knownAccounts(
  { keys, nats }: TestInstallation,
  uids: readonly string[],
): Promise<number> {
  const credentials = readNatsCreds(controllerCreds(keys));
  if (credentials === null) throw new Error('Cannot ask NATS: the keys give no credentials');
  const address = { ...parseNatsUrl(nats.url), credentials };
  const server = await openAccountServer({ address, name: 'test' });
  try {
    let known = 0;
    for (const uid of uids) {
      if ((await server.lookup(keys.account(uid).publicKey)) !== null) known++;
    }
    return known;
  } finally {
    await server.close();
  }
}

await main();
