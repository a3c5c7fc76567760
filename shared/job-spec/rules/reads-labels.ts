import type { TrainingJob } from '../job-spec.js';

type Spec = TrainingJob['spec'];

/** Whether a job trains, or is evaluated, on labels of its dataset, in any of its stages. */
export function readsLabels({
  spec,
}: {
  readonly spec: Pick<Spec, 'objective'> & Partial<Pick<Spec, 'stages'>>;
}): boolean {
  const stages = spec.stages ?? [{}];
  return stages.some(({ objective = spec.objective }: { objective?: Spec['objective'] }) =>
    readsLabelsOf(objective),
  );
}

const readsLabelsOf = (objective: Spec['objective']): boolean =>
  objective.kind !== 'generative' && objective.targets.kind === 'data';
