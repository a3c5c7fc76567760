/** All that a child is made of: builders get nothing else, so equal parts give equal objects. */
import type { ResolvedObject } from '../../crd/resolve-object.js';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import type { Installation, JobSecrets } from './installation.js';

export interface JobParts {
  readonly object: TrainingJobObject;
  readonly resolved: ResolvedObject;
  readonly installation: Installation;
  readonly secrets: JobSecrets;
}
