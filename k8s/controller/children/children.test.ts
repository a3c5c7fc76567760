/** What a job becomes: pods that pass pod security `restricted`, and everything that a spec can ask for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveObject } from '../../crd/resolve-object.js';
import { aJob, installation, jobUid, secrets } from '../reconcile/seen-fixture.js';
import { checkpointsClaim } from './checkpoints-claim.js';
import { jobConfigMap } from './config-map.js';
import { coordinatorJob } from './coordinator-job.js';
import { disruptionBudget } from './disruption-budget.js';
import type { JobParts } from './job-parts.js';
import { jobSecret } from './secret.js';
import { workersService } from './service.js';
import { workerJob } from './worker-job.js';

function parts(spec: Record<string, unknown> = {}, labels: Record<string, string> = {}): JobParts {
  const object = aJob({ spec, metadata: { labels } });
  const resolved = resolveObject(object);
  if (resolved.kind === 'invalid') throw new Error(resolved.message);
  return { object, resolved, installation, secrets };
}

// biome-ignore lint/suspicious/noExplicitAny: read field by field, as the API server does.
type Loose = any;
const specOf = (job: Loose): Loose => job.spec;
const podOf = (job: Loose): Loose => specOf(job).template.spec;
const containerOf = (job: Loose): Loose => podOf(job).containers[0];
const envOf = (job: Loose): Record<string, string> =>
  Object.fromEntries(containerOf(job).env.map(({ name, value }: Loose) => [name, value]));

const whole = {
  kubernetes: {
    images: { worker: 'registry/worker:1', pullPolicy: 'Always', pullSecrets: ['pull'] },
    data: { claimName: 'data', subPath: 'movielens', mountPath: '/data' },
    checkpoints: { claim: { name: 'shared', subPath: 'runs/movies' } },
    coordinator: { standbys: 1, resources: { requests: { cpu: '1' } } },
    worker: {
      gpus: 2,
      resources: { limits: { memory: '8Gi' } },
      tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }],
      runtimeClassName: 'nvidia',
      sharedMemory: '4Gi',
      gracePeriodSeconds: 90,
    },
    podLabels: { team: 'search' },
    podAnnotations: { note: 'x' },
  },
};

/** Rules of pod security `restricted`, with a read-only root besides. */
function assertRestricted(job: Loose): void {
  const pod = podOf(job);
  assert.equal(pod.securityContext.runAsNonRoot, true);
  assert.ok(pod.securityContext.runAsUser > 0);
  assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
  assert.equal(pod.automountServiceAccountToken, false);
  for (const field of ['hostNetwork', 'hostPID', 'hostIPC']) assert.equal(pod[field], undefined);
  for (const { securityContext } of pod.containers) {
    assert.equal(securityContext.allowPrivilegeEscalation, false);
    assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
    assert.equal(securityContext.readOnlyRootFilesystem, true);
    assert.equal(securityContext.privileged, undefined);
  }
  const allowed = ['configMap', 'emptyDir', 'persistentVolumeClaim', 'projected'];
  for (const { name, ...volume } of pod.volumes) {
    assert.ok(allowed.includes(Object.keys(volume)[0] ?? ''), name);
  }
  const volumes = pod.volumes.map(({ name }: Loose) => name);
  for (const { name } of pod.containers[0].volumeMounts) assert.ok(volumes.includes(name), name);
}

// Would catch a job that a namespace which enforces pod security refuses.
test('pods pass pod security restricted, whatever the spec asks for', () => {
  for (const given of [parts(), parts(whole)]) {
    assertRestricted(coordinatorJob(given, false));
    assertRestricted(workerJob(given));
  }
});

// Would catch a worker that can sign reports or act as an operator, or everyone who reads a role's rights in another's file.
test('a role sees its own secrets and no others, for its group to read', () => {
  const files = (job: Loose): string[] =>
    podOf(job)
      .volumes.find(({ name }: Loose) => name === 'secret')
      .projected.sources.flatMap(({ secret }: Loose) => secret.items.map(({ key }: Loose) => key));
  assert.deepEqual(files(coordinatorJob(parts(), false)), [
    ...['report.key', 'operator.token', 'coordinator.creds'],
  ]);
  assert.deepEqual(files(workerJob(parts())), ['links.secret', 'worker.creds']);
  const volume = podOf(workerJob(parts())).volumes.find(({ name }: Loose) => name === 'secret');
  assert.equal(volume.projected.defaultMode, 0o440);
  assert.equal(podOf(workerJob(parts())).securityContext.fsGroup, 65532);
  const { data } = jobSecret(parts()) as Loose;
  assert.equal(Buffer.from(data['worker.creds'], 'base64').toString(), 'worker');
  assert.equal(Buffer.from(data['operator.token'], 'base64').toString(), 'c'.repeat(64));
  const { env } = containerOf(coordinatorJob(parts(), false));
  assert.deepEqual(
    env.find(({ name }: Loose) => name === 'LOCKSTEP_DASHBOARD_OPERATOR_TOKEN_FILE'),
    {
      name: 'LOCKSTEP_DASHBOARD_OPERATOR_TOKEN_FILE',
      value: '/etc/lockstep/secret/operator.token',
    },
  );
});

test('the coordinator is told the run, the place of checkpoints and where to report', () => {
  const job = coordinatorJob(parts(), false);
  const { args } = containerOf(job);
  assert.deepEqual(args.slice(0, 6), [
    ...['coordinator', '/etc/lockstep/job/job.json', '--run', args[3]],
    ...['--checkpoints', 'workers'],
  ]);
  assert.match(args[3], /^t[0-9a-f]{16}$/);
  assert.equal(
    envOf(job).LOCKSTEP_REPORT_URL,
    `http://lockstep-controller.lockstep-system.svc:9410/v1/reports/research/movies/${jobUid}`,
  );
  assert.equal(envOf(job).LOCKSTEP_NATS_REPLICAS, '3');
  assert.equal(specOf(job).completions, undefined);
  assert.equal(specOf(job).podReplacementPolicy, 'TerminatingOrFailed');
});

// Would catch: a cluster without a way out whose jobs look for their dataset outside all the same.
test("the coordinator alone is told the installation's package index", () => {
  const indexOf = (job: Loose): string | undefined => envOf(job).LOCKSTEP_PACKAGE_INDEX;
  const packageIndex = 'http://index.storage.svc/simple';
  const given = { ...parts(), installation: { ...installation, packageIndex } };
  assert.equal(indexOf(coordinatorJob(given, false)), packageIndex);
  assert.equal(indexOf(workerJob(given)), undefined);
  assert.equal(indexOf(coordinatorJob(parts(), false)), undefined);
});

test('workers are an Indexed Job whose size is that of the spec', () => {
  const { spec } = workerJob(parts({ maxRestarts: 7 })) as Loose;
  assert.deepEqual(
    [spec.completionMode, spec.parallelism, spec.completions, spec.backoffLimit, spec.suspend],
    ['Indexed', 2, 2, 7, false],
  );
  assert.deepEqual(
    spec.podFailurePolicy.rules.map(({ action, onExitCodes }: Loose) => [
      action,
      onExitCodes?.values ?? 'DisruptionTarget',
    ]),
    [
      ['Ignore', 'DisruptionTarget'],
      ['Ignore', [4, 5, 143]],
      ['FailJob', [2, 3]],
    ],
  );
});

test('all that a spec asks for is there', () => {
  const given = parts(whole);
  const coordinator = coordinatorJob(given, false);
  const worker = workerJob(given);
  assert.equal(specOf(coordinator).parallelism, 2);
  assert.deepEqual(containerOf(coordinator).resources, { requests: { cpu: '1' } });
  const mounts = (job: Loose) =>
    containerOf(job).volumeMounts.map(({ mountPath, subPath }: Loose) => [mountPath, subPath]);
  assert.deepEqual(mounts(coordinator).slice(-2), [
    ['/data', 'movielens'],
    ['/checkpoints', 'runs/movies'],
  ]);
  assert.deepEqual(mounts(worker).slice(-2), [
    ['/dev/shm', undefined],
    ['/checkpoints', 'runs/movies'],
  ]);
  assert.equal(containerOf(worker).image, 'registry/worker:1');
  assert.equal(containerOf(worker).imagePullPolicy, 'Always');
  assert.deepEqual(containerOf(worker).resources.limits, { memory: '8Gi', 'nvidia.com/gpu': '2' });
  const pod = podOf(worker);
  assert.equal(pod.terminationGracePeriodSeconds, 90);
  assert.equal(pod.runtimeClassName, 'nvidia');
  assert.deepEqual(pod.imagePullSecrets, [{ name: 'pull' }]);
  assert.equal(pod.topologySpreadConstraints[0].whenUnsatisfiable, 'ScheduleAnyway');
  const { labels, annotations } = specOf(worker).template.metadata;
  assert.deepEqual(
    [labels.team, labels['lockstep.dev/job'], annotations.note],
    ['search', 'movies', 'x'],
  );
});

test('images of workers follow their GPUs', () => {
  assert.equal(containerOf(workerJob(parts())).image, installation.images.worker);
  const withGpus = parts({ kubernetes: { worker: { gpus: 1 } } });
  assert.equal(containerOf(workerJob(withGpus)).image, installation.images.workerWithGpus);
});

test('a bucket is reached by a Secret, in every process that reads or writes it', () => {
  const s3 = { url: 's3://bucket/movies', endpoint: 'https://store:9000', secretName: 'store' };
  const given = parts({ kubernetes: { checkpoints: { s3 } } });
  for (const job of [coordinatorJob(given, false), workerJob(given)]) {
    assert.equal(envOf(job).AWS_ENDPOINT_URL_S3, 'https://store:9000');
    const { valueFrom } = containerOf(job).env.find(
      ({ name }: Loose) => name === 'AWS_SECRET_ACCESS_KEY',
    );
    assert.deepEqual(valueFrom.secretKeyRef, { name: 'store', key: 'AWS_SECRET_ACCESS_KEY' });
  }
  assert.equal(containerOf(coordinatorJob(given, false)).args[5], 's3://bucket/movies');
});

// Would catch a server that asks who tells it of a run and gets no answer from a pod, and workers that know what they need not.
test('what servers of the history ask for comes out of a Secret, to the coordinator alone', () => {
  const given = parts({ kubernetes: { history: { secretName: 'trackers' } } });
  const fromTrackers = (job: Loose): Loose[] =>
    containerOf(job).env.filter(
      ({ valueFrom }: Loose) => valueFrom?.secretKeyRef?.name === 'trackers',
    );
  const [token, ...others] = fromTrackers(coordinatorJob(given, false));
  assert.deepEqual(token.valueFrom.secretKeyRef, {
    ...{ name: 'trackers', key: 'MLFLOW_TRACKING_TOKEN', optional: true },
  });
  assert.deepEqual(others.map(({ name }) => name).slice(-2), [
    'TRACKIO_WRITE_TOKEN',
    'OTEL_EXPORTER_OTLP_HEADERS',
  ]);
  assert.deepEqual(fromTrackers(workerJob(given)), []);
});

test('a volume for checkpoints is made with the job', () => {
  const volume = { size: '10Gi', accessModes: ['ReadWriteMany'] };
  const given = parts({ kubernetes: { checkpoints: { volume } } });
  const claim = checkpointsClaim(given) as Loose;
  assert.equal(claim.metadata.name, 'movies-checkpoints');
  assert.equal(claim.spec.resources.requests.storage, '10Gi');
  assert.equal(checkpointsClaim(parts()), null);
});

// Would catch a machine that cannot be drained for as long as a job trains.
test('a disruption budget never keeps all workers', () => {
  const least = (replicas: number, min: number) =>
    (disruptionBudget(parts({ workers: { replicas, min } })) as Loose)?.spec.minAvailable ?? null;
  assert.deepEqual([least(4, 2), least(2, 2), least(1, 1)], [2, 1, null]);
  // Would catch a machine that cannot be drained because of pods that never became ready.
  const { spec } = disruptionBudget(parts({ workers: { replicas: 4, min: 2 } })) as Loose;
  assert.equal(spec.unhealthyPodEvictionPolicy, 'AlwaysAllow');
});

// Would catch workers that wait for ever beside idle machines, which keep off pods without GPUs.
test('workers with GPUs tolerate the taint of machines that have them, and what the job says', () => {
  const tolerationsOf = (worker: object): Loose =>
    podOf(workerJob(parts({ kubernetes: { worker } }))).tolerations;
  const taint = (key: string) => ({ key, operator: 'Exists', effect: 'NoSchedule' });
  assert.equal(tolerationsOf({}), undefined);
  assert.deepEqual(tolerationsOf({ gpus: 1 }), [taint('nvidia.com/gpu')]);
  const own = { key: 'team', operator: 'Equal', value: 'search' };
  assert.deepEqual(tolerationsOf({ gpus: 1, gpuResource: 'amd.com/gpu', tolerations: [own] }), [
    taint('amd.com/gpu'),
    own,
  ]);
  const coordinator = podOf(coordinatorJob(parts({ kubernetes: { worker: { gpus: 1 } } }), false));
  assert.equal(coordinator.tolerations, undefined);
});

test('the job that processes read has nothing of the cluster, and names are found before pods are ready', () => {
  const { data } = jobConfigMap(parts({ suspend: true, ...whole })) as Loose;
  const job = JSON.parse(data['job.json']);
  assert.equal(job.spec.kubernetes, undefined);
  assert.equal(job.spec.suspend, undefined);
  assert.equal(job.metadata.name, 'movies');
  const { spec } = workersService(parts()) as Loose;
  assert.deepEqual([spec.clusterIP, spec.publishNotReadyAddresses], ['None', true]);
});

test("a queue's labels go to the workers' Job, which waits", () => {
  const labels = {
    'kueue.x-k8s.io/queue-name': 'team',
    'kueue.x-k8s.io/priority-class': 'high',
    a: 'b',
  };
  const job = workerJob(parts({}, labels));
  assert.equal(job.metadata.labels?.['kueue.x-k8s.io/queue-name'], 'team');
  assert.equal(job.metadata.labels?.['kueue.x-k8s.io/priority-class'], 'high');
  assert.equal(job.metadata.labels?.a, undefined);
  assert.equal(specOf(job).suspend, true);
});
