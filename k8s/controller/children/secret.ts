import { childNames, operatorTokenKey } from '../../names.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';
import { childMetadata } from './child-metadata.js';
import type { JobParts } from './job-parts.js';

/** Its files, which pods mount one by one: each role sees its own. */
export const secretFiles = {
  links: 'links.secret',
  report: 'report.key',
  operator: operatorTokenKey,
  coordinator: 'coordinator.creds',
  worker: 'worker.creds',
  watcher: 'watcher.creds',
} as const;

export function jobSecret({ object, secrets }: JobParts): WrittenObject {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: childMetadata(object, childNames(object.metadata.name).secret),
    type: 'Opaque',
    data: {
      [secretFiles.links]: base64(secrets.linksSecret),
      [secretFiles.report]: base64(secrets.reportKey),
      [secretFiles.operator]: base64(secrets.operatorToken),
      [secretFiles.coordinator]: base64(secrets.coordinatorCreds),
      [secretFiles.worker]: base64(secrets.workerCreds),
      [secretFiles.watcher]: base64(secrets.watcherCreds),
    },
  };
}

/** A variable of a container whose value is the secret's of the same name. */
export const fromSecret = (name: string, secret: string, optional = false): object => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key: name, ...(optional && { optional }) } },
});
