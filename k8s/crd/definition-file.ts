/** The definition as a file, for people and for kubectl. */
import { stringify } from 'yaml';
import { customResource } from './custom-resource.js';

export const definitionPath = 'k8s/crd/training-job.yaml';

const introduction = [
  ' What a training job is, for the API server. Generated from shared/job-spec/schema.ts and',
  ' k8s/crd/status-schema.ts; a test keeps it current, and writes it anew with',
  ' LOCKSTEP_UPDATE=1 node --test dist/k8s/crd/definition-file.test.js; k8s/install.yaml, which has it too, after it.',
];

export function definitionText(): string {
  const comment = introduction.map((line) => `#${line}\n`).join('');
  // Without aliases, which a reader would have to resolve, and with long lines, which diff better.
  return comment + stringify(customResource(), { aliasDuplicateObjects: false, lineWidth: 0 });
}
