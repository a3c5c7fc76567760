/** The definition of training jobs against a real API server: what it takes, and what it says otherwise. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { definitionPath } from '../../../k8s/crd/definition-file.js';
import { resolveObject } from '../../../k8s/crd/resolve-object.js';
import { specProbes } from '../../../k8s/crd/schema/spec-probes-fixture.js';
import { projectRoot } from '../../../shared/project-root.js';
import { inCluster, withoutCluster } from '../cluster.js';
import { allowedChanges, type BrokenJob, brokenChanges, brokenJobs } from './broken-jobs.js';
import { verdictsOf, writeCases } from './dry-run.js';
import { exampleWith, objectOf } from './job-objects.js';
import { mixedJobs } from './mixed-jobs.js';

const skip = withoutCluster;
const folder = mkdtempSync(join(tmpdir(), 'lockstep-definition-'));

const base = exampleWith([]) as { readonly spec: object };
/** The API server and the schema must agree on each of them. */
const compared: readonly unknown[] = [
  // The others need no API server: k8s/crd/same-schema.test.ts. Fields of stages are made of the same parts.
  ...specProbes()
    .filter(({ path, isOfRules }) => isOfRules && !path.startsWith('spec.stages[].'))
    .map(({ spec }) => ({ ...base, spec })),
  ...mixedJobs(1000, 1).map((overrides) => exampleWith(overrides)),
];

/** Every step writes what it was told beside its cases; none of them ends the others. */
const script = `
kubectl apply -f "$DEFINITION" || exit 3
kubectl wait --for=condition=established crd/trainingjobs.lockstep.dev --timeout=60s || exit 3
# The condition comes a moment before the first request for the kind succeeds.
for try in $(seq 100); do kubectl get trainingjobs >/dev/null 2>&1 && break; done
kubectl apply --dry-run=server -R -f "$EXAMPLES" >$CASES/examples.out 2>$CASES/examples.err
kubectl apply --dry-run=server -f $CASES/broken >$CASES/broken.out 2>$CASES/broken.err
kubectl apply -f $CASES/live >$CASES/live.out 2>$CASES/live.err
kubectl apply --dry-run=server -f $CASES/changes >$CASES/changes.out 2>$CASES/changes.err
kubectl apply --dry-run=server -f $CASES/allowed >$CASES/allowed.out 2>$CASES/allowed.err
kubectl scale trainingjob/movielens-quick --replicas=3 >$CASES/scale.out 2>$CASES/scale.err
kubectl get tj,all >$CASES/get.out 2>$CASES/get.err
kubectl get --raw /apis/lockstep.dev/v1alpha1/namespaces/default/trainingjobs/movielens-quick >$CASES/job.out
"$NODE" "$POST" $CASES/objects.json $CASES/verdicts.json || exit 4
exit 0
`;

const said = (step: string, output: 'out' | 'err' | 'json'): string =>
  readFileSync(join(folder, `${step}.${output}`), 'utf8');

before(async () => {
  if (skip !== false) return;
  const changed = (sets: readonly (readonly string[])[]) => sets.map((set) => exampleWith(set));
  writeCases(join(folder, 'broken'), changed(brokenJobs.map(({ set }) => set)));
  writeCases(join(folder, 'live'), changed([[]]));
  writeCases(join(folder, 'changes'), changed(brokenChanges.map(({ set }) => set)));
  writeCases(join(folder, 'allowed'), changed(allowedChanges));
  writeFileSync(join(folder, 'objects.json'), JSON.stringify(compared));
  const environment = {
    DEFINITION: fileURLToPath(new URL(definitionPath, projectRoot)),
    EXAMPLES: fileURLToPath(new URL('examples', projectRoot)),
    CASES: folder,
    NODE: process.execPath,
    POST: fileURLToPath(new URL('post-all.js', import.meta.url)),
    // Another cluster had the same address, and other kinds.
    KUBECACHEDIR: join(folder, 'cache'),
  };
  const outcome = await inCluster({ nodes: 0 }, ['bash', '-c', script], environment);
  assert.equal(outcome.code, 0, outcome.stderr + outcome.stdout);
});

after(() => rmSync(folder, { recursive: true, force: true }));

/** What should have been said and was not, with what was. */
function unsaid(jobs: readonly BrokenJob[], stderr: string): string[] {
  const verdicts = verdictsOf(stderr);
  return jobs.flatMap(({ set, says }, index) => {
    const verdict = verdicts.get(index) ?? 'accepted';
    const missing = says.filter((words) => !verdict.includes(words));
    return missing.length === 0 ? [] : [`${set}: not said: ${missing}: ${verdict}`];
  });
}

// Would catch: an example that a user applies first and that is refused.
test('the API server accepts every example', { skip }, () => {
  assert.equal(said('examples', 'err'), '');
  assert.ok(said('examples', 'out').match(/^trainingjob\.lockstep\.dev\//gm)!.length >= 9);
});

// Would catch: a job that is accepted and fails in its pods, and a refusal that helps nobody.
test('each broken job is refused with the field and the rule', { skip }, () => {
  assert.ok(brokenJobs.length >= 40);
  assert.deepEqual(unsaid(brokenJobs, said('broken', 'err')), []);
});

// Would catch: a running job whose weights would be those of no job at all.
test('a job that is there keeps what decides its weights', { skip }, () => {
  assert.deepEqual(unsaid(brokenChanges, said('changes', 'err')), []);
  assert.equal(said('allowed', 'err'), '');
});

// Would catch: a `kubectl scale` that finds no replicas, because nobody has written them.
test('a job is scaled, listed by its short name and within `all`, and has its defaults', {
  skip,
}, () => {
  assert.match(said('scale', 'out'), /movielens-quick scaled/);
  assert.match(said('get', 'out'), /^NAME +STATE +WORKERS +STEP +LOSS +RESTARTS +AGE$/m);
  const { spec } = JSON.parse(said('job', 'out'));
  assert.deepEqual(spec.workers, { replicas: 3, min: 1, shares: 'even' });
  assert.equal(spec.maxRestarts, 100);
  assert.equal(spec.model.item.normEps, undefined);
});

// Would catch: a rule in CEL that says another thing than the same rule in TypeScript.
test('the API server and the schema agree on texts, lists and mixed jobs', {
  skip,
}, () => {
  const verdicts: readonly (string | null)[] = JSON.parse(said('verdicts', 'json'));
  const ours = compared.map((job) => resolveObject(objectOf(job)));
  const apart = ours.flatMap((own, index) => {
    const verdict = verdicts[index] ?? null;
    if ((own.kind === 'resolved') === (verdict === null)) return [];
    const said = own.kind === 'resolved' ? 'accepted' : own.message;
    return [
      `${JSON.stringify(compared[index])}: server: ${verdict ?? 'accepted'}: schema: ${said}`,
    ];
  });
  assert.deepEqual(apart, []);
  assert.ok(ours.filter(({ kind }) => kind === 'resolved').length > ours.length / 10);
});
