/** A job that fills every list, map and long text: what rules cost is counted when they run, too. */

const many = <Element>(count: number, element: (index: number) => Element): Element[] =>
  Array.from({ length: count }, (_, index) => element(index));

const mapOf = (count: number, value: string): Record<string, string> =>
  Object.fromEntries(many(count, (index) => [`${'d'.repeat(200)}/name-${index}`, value]));

const optimizer = {
  multipliers: many(64, (index) => ({
    match: `${'a'.repeat(190)}${String(index).padStart(10, '0')}`,
    factor: 2,
  })),
};

const pod = {
  resources: { requests: mapOf(16, '1'), limits: mapOf(16, '2') },
  nodeSelector: mapOf(64, 'v'.repeat(63)),
  tolerations: many(32, (index) => ({
    key: `${'k'.repeat(60)}-${index}`,
    operator: 'Equal',
    value: 'v'.repeat(63),
    effect: 'NoExecute',
    tolerationSeconds: 3,
  })),
  priorityClassName: 'p'.repeat(253),
};

const stage = (index: number) => ({
  name: `${'s'.repeat(60)}-${index}`,
  optimizer,
  objective: { kind: 'late-fusion', targets: { kind: 'sampled' }, negatives: { total: 5 } },
  duration: { steps: 10_000 },
  train: {
    item: { kind: 'lora', targets: ['q', 'k', 'v', 'o'] },
    user: { kind: 'last', layers: 1 },
  },
});

export const largestJob = {
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'largest' },
  spec: {
    data: { path: `/${'p'.repeat(4095)}` },
    init: { from: `/${'p'.repeat(4095)}` },
    lanes: 256,
    workers: { replicas: 256 },
    optimizer,
    evaluation: { cutoffs: many(16, (index) => index + 1), everySteps: 5 },
    checkpoint: { best: 'recall@16' },
    stages: many(16, stage),
    kubernetes: {
      images: {
        coordinator: 'i'.repeat(512),
        worker: 'i'.repeat(512),
        pullSecrets: many(8, (index) => `${'s'.repeat(250)}-${index}`),
      },
      coordinator: pod,
      worker: { ...pod, gpus: 1 },
      podLabels: mapOf(64, 'v'.repeat(63)),
      podAnnotations: mapOf(64, 'x'.repeat(4096)),
      nats: { url: `nats://${'h'.repeat(1000)}`, secretName: 's' },
      checkpoints: { s3: { url: `s3://bucket/${'p'.repeat(880)}`, secretName: 's' } },
    },
  },
};
