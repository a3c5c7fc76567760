/** Runs cases one after the other on the cluster of KUBECONFIG, and says what became of each. */
import { execFileSync } from 'node:child_process';
import { kubectl } from './kubectl.js';
import type { KubernetesCase, Need } from './kubernetes-case.js';
import { Scene, type SceneParts } from './scene.js';

export type Outcome =
  | { readonly name: string; readonly kind: 'passed'; readonly seconds: number }
  | { readonly name: string; readonly kind: 'skipped'; readonly reason: string }
  | { readonly name: string; readonly kind: 'failed'; readonly reason: string };

export type Prepared = Omit<SceneParts, 'name'>;

export async function runCases(
  cases: readonly KubernetesCase[],
  prepared: Prepared,
  keep: boolean,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const one of cases) {
    const outcome = await runCase(one, prepared, keep);
    outcomes.push(outcome);
    const detail = outcome.kind === 'passed' ? `${outcome.seconds.toFixed(1)} s` : outcome.reason;
    process.stdout.write(`${outcome.kind.padEnd(7)} ${one.name}: ${one.title}: ${detail}\n`);
  }
  return outcomes;
}

async function runCase(
  { name, needs = [], run }: KubernetesCase,
  prepared: Prepared,
  keep: boolean,
): Promise<Outcome> {
  for (const need of needs) {
    if (!(await offers[need].isThere())) {
      return { name, kind: 'skipped', reason: `this cluster has no ${offers[need].words}` };
    }
  }
  const begin = performance.now();
  const scene = await Scene.open({ ...prepared, name });
  try {
    await run(scene);
    await scene.close();
    return { name, kind: 'passed', seconds: (performance.now() - begin) / 1000 };
  } catch (error) {
    const reason = `${(error as Error).stack}\n${await evidence(scene.namespace)}`;
    // The next case may pass all the same; what is left is for whoever looks for the reason.
    if (!keep) await scene.close().catch((later) => process.stderr.write(`${later}\n`));
    return { name, kind: 'failed', reason };
  }
}

const offers: Readonly<
  Record<Need, { readonly words: string; readonly isThere: () => Promise<boolean> }>
> = {
  kueue: { words: 'Kueue', isThere: () => knows('clusterqueues.kueue.x-k8s.io') },
  gpus: {
    words: 'nodes with nvidia.com/gpu',
    isThere: async () =>
      (await kubectl(['get', 'nodes', '-o', 'jsonpath={.items[*].status.capacity}'])).includes(
        'nvidia.com/gpu',
      ),
  },
  'nodes-to-lose': { words: 'tool that loses nodes', isThere: async () => hasProgram('node-kill') },
};

const knows = (crd: string): Promise<boolean> =>
  kubectl(['get', 'crd', crd]).then(
    () => true,
    () => false,
  );

function hasProgram(name: string): boolean {
  try {
    execFileSync('which', [name], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** What the cluster says about a case that failed. */
async function evidence(namespace: string): Promise<string> {
  const asked = [
    ['get', 'all,tj,pvc', '-n', namespace, '-o', 'wide'],
    ['get', 'tj', '-n', namespace, '-o', 'yaml'],
    ['get', 'events', '-n', namespace, '--sort-by=.lastTimestamp'],
    ['get', 'pods', '-n', 'lockstep-system', '-o', 'wide'],
    ['logs', '-n', 'lockstep-system', '-l', 'app.kubernetes.io/component=controller', '--tail=60'],
    ['logs', '-n', namespace, '-l', 'app.kubernetes.io/name=lockstep', '--tail=40', '--prefix'],
  ];
  const answers = asked.map(async (words) => {
    const text = await kubectl(words).catch((error: Error) => error.message);
    return `--- kubectl ${words.join(' ')}\n${text}`;
  });
  return (await Promise.all(answers)).join('\n');
}
