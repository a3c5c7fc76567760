/** What a job may say on one machine and not on a cluster. */
import type { JobProblem } from '../../shared/errors.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { towers } from '../../shared/job-spec/rules/pretrained-fields.js';
import { brokenRule } from '../../shared/job-spec/rules/problems.js';
import { nameOnCluster, nameRule } from './name-on-cluster.js';

export function clusterProblems({ metadata, spec }: TrainingJob): JobProblem[] {
  const { data, init, model } = spec;
  return [
    ...(nameOnCluster.test(metadata.name)
      ? []
      : [brokenRule('metadata.name', nameRule, metadata.name)]),
    ...absolute('spec.data.path', data.path),
    ...absolute('spec.init.from', init?.from),
    ...towers.flatMap((tower) =>
      absolute(`spec.model.${tower}.pretrained.path`, model[tower].pretrained?.path),
    ),
  ];
}

/** Nothing lies beside the job's file in a pod. */
export const absoluteRule = 'an absolute path on a cluster, where no file lies beside the job';

const absolute = (field: string, path: string | undefined): JobProblem[] =>
  path === undefined || path.startsWith('/') ? [] : [brokenRule(field, absoluteRule, path)];
