import { childNames, labelsOf, metricsPorts } from '../../names.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';
import { childMetadata } from './child-metadata.js';
import type { JobParts } from './job-parts.js';

/** Gives worker pods names. Nobody waits for them: workers announce their pods' addresses themselves. */
export function workersService({ object }: JobParts): WrittenObject {
  const { name } = object.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: childMetadata(object, childNames(name).service, 'worker'),
    spec: {
      clusterIP: 'None',
      // A worker is a member before it is ready for anything that a probe could ask.
      publishNotReadyAddresses: true,
      selector: labelsOf(name, 'worker'),
      ports: [{ name: 'metrics', port: metricsPorts.worker, protocol: 'TCP' }],
    },
  };
}
