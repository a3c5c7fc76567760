import type { TrainingJob } from './job-spec.js';

/** Whether a job trains, or is evaluated, on labels of its dataset. */
export function readsLabels({
  spec,
}: {
  readonly spec: Pick<TrainingJob['spec'], 'objective'>;
}): boolean {
  const { objective } = spec;
  return objective.kind !== 'generative' && objective.targets.kind === 'data';
}
