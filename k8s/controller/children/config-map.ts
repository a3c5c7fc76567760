import { childNames } from '../../names.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';
import { childMetadata } from './child-metadata.js';
import type { JobParts } from './job-parts.js';

export const jobFileName = 'job.json';

/** The job as the coordinator reads it: what only a cluster reads is not in it. */
export const jobConfigMap = ({ object, resolved }: JobParts): WrittenObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: childMetadata(object, childNames(object.metadata.name).config),
  data: { [jobFileName]: `${JSON.stringify(resolved.jobFile, null, 2)}\n` },
});
