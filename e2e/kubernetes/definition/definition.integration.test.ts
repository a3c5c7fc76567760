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
import { type TrainingJobStatus, trainingJobStatusSchema } from '../../../k8s/crd/status-schema.js';
import { onCluster, withoutClusterFields } from '../../../shared/job-spec/on-cluster.js';
import { trainingJobSchema } from '../../../shared/job-spec/schema.js';
import { projectRoot } from '../../../shared/project-root.js';
import { inCluster, withoutCluster } from '../cluster.js';
import { allowedChanges, type BrokenJob, brokenChanges, brokenJobs } from './broken-jobs.js';
import { verdictsOf, writeCases } from './dry-run.js';
import { exampleWith, objectOf } from './job-objects.js';
import { largestJob } from './largest-job.js';
import { mixedJobs } from './mixed-jobs.js';
import type { Verdict } from './post-all.js';

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

const status: TrainingJobStatus = {
  state: 'Running',
  message: '3 of 3 workers train',
  observedGeneration: 2,
  conditions: [
    {
      type: 'Running',
      status: 'True',
      observedGeneration: 2,
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'WorkersTrain',
      message: '3 of 3 workers train',
    },
  ],
  runId: 't0123456789abcdef',
  replicas: 3,
  selector: 'lockstep.dev/job=movielens-quick,app.kubernetes.io/component=worker',
  workers: { desired: 3, ready: 3, training: 3, summary: '3/3' },
  step: 120,
  totalSteps: 600,
  loss: 5.25,
  restarts: 1,
  membershipGeneration: 4,
  trainerStatus: {
    progressPercentage: 20,
    estimatedRemainingSeconds: 90,
    metrics: [{ name: 'loss', value: '5.25' }],
    lastUpdatedTime: '2026-01-01T00:00:05Z',
  },
  recoveries: [
    {
      time: '2026-01-01T00:00:03.5Z',
      cause: 'lost',
      workers: ['movielens-quick-worker-1'],
      detectSeconds: 1.5,
      reformSeconds: 0.25,
      resumeSeconds: 2,
      stepsLost: 1,
    },
  ],
  checkpoint: { step: 100, time: '2026-01-01T00:00:02Z' },
  weightsSha256: 'a'.repeat(64),
  startTime: '2026-01-01T00:00:00Z',
  completionTime: '2026-01-01T00:10:00Z',
};

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
kubectl patch trainingjob/movielens-quick --subresource=status --type=merge -p "$STATUS" >$CASES/status.out 2>$CASES/status.err
kubectl wait --for=condition=Running trainingjob/movielens-quick --timeout=30s >$CASES/wait.out 2>$CASES/wait.err
kubectl get --raw /apis/lockstep.dev/v1alpha1/namespaces/default/trainingjobs/movielens-quick/scale >$CASES/scale.json
kubectl get tj,all >$CASES/get.out 2>$CASES/get.err
kubectl get --raw /apis/lockstep.dev/v1alpha1/namespaces/default/trainingjobs/movielens-quick >$CASES/job.out
# Beyond what kubectl apply keeps in an annotation.
kubectl create -f $CASES/largest.json >$CASES/largest.out 2>$CASES/largest.err
kubectl patch trainingjob/largest --type=merge -p '{"spec":{"suspend":true}}' >>$CASES/largest.out 2>>$CASES/largest.err
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
  writeFileSync(join(folder, 'largest.json'), JSON.stringify(largestJob));
  const environment = {
    DEFINITION: fileURLToPath(new URL(definitionPath, projectRoot)),
    EXAMPLES: fileURLToPath(new URL('examples', projectRoot)),
    CASES: folder,
    STATUS: JSON.stringify({ status }),
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
  const verdicts: readonly Verdict[] = JSON.parse(said('verdicts', 'json'));
  const ours = compared.map((job) => resolveObject(objectOf(job)));
  const apart = ours.flatMap((own, index) => {
    const verdict = verdicts[index] as Verdict;
    if ((own.kind === 'resolved') === 'accepted' in verdict) return [];
    const theirs = 'refused' in verdict ? verdict.refused : 'accepted';
    const schema = own.kind === 'resolved' ? 'accepted' : own.message;
    return [`${JSON.stringify(compared[index])}: server: ${theirs}: schema: ${schema}`];
  });
  assert.deepEqual(apart, []);
  assert.ok(ours.filter(({ kind }) => kind === 'resolved').length > ours.length / 10);
});

// Would catch: a default of the definition that makes another job of it, or says a shape of a pretrained model.
test("a job with the API server's defaults is the job that was given", { skip }, () => {
  const verdicts: readonly Verdict[] = JSON.parse(said('verdicts', 'json'));
  let accepted = 0;
  verdicts.forEach((verdict, index) => {
    if ('refused' in verdict) return;
    accepted++;
    const given = compared[index] as { readonly spec: { readonly model?: Towers } };
    const before = trainingJobSchema.parse(given);
    const after = trainingJobSchema.parse({ ...given, spec: verdict.accepted });
    assert.deepEqual(withoutClusterFields(after), withoutClusterFields(before));
    assert.deepEqual(onCluster(after), onCluster(before));
    const { item, user } = (verdict.accepted.model ?? {}) as Towers;
    assert.deepEqual([item, user], [given.spec.model?.item, given.spec.model?.user]);
  });
  assert.ok(accepted > 200, `${accepted}`);
});

interface Towers {
  readonly item?: unknown;
  readonly user?: unknown;
}

// Would catch: rules that cost more than the API server lets them, so that a large job could not be suspended.
test('a job as large as it may be is made and changed', { skip }, () => {
  assert.equal(said('largest', 'err'), '');
  assert.match(said('largest', 'out'), /largest created\n.*largest patched/);
});

// Would catch: a status that the controller may not write, or that kubectl cannot show or wait for.
test('the status is kept as the controller writes it, shown in columns and waited for', {
  skip,
}, () => {
  assert.deepEqual(trainingJobStatusSchema.parse(status), status);
  assert.equal(said('status', 'err'), '');
  assert.match(said('wait', 'out'), /condition met/);
  assert.match(said('get', 'out'), /movielens-quick +Running +3\/3 +120 +5\.25 +1 /);
  assert.deepEqual(JSON.parse(said('job', 'out')).status, status);
  const scale = JSON.parse(said('scale', 'json'));
  assert.deepEqual(scale.status, { replicas: 3, selector: status.selector });
});
