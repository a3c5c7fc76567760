/** The objects of the manifests as they stand in files, without kustomize. */
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { projectRoot } from '../../shared/project-root.js';

/** As deep as tests look; whatever else an object has is compared as it is. */
export interface ManifestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  // biome-ignore lint/suspicious/noExplicitAny: kinds differ, and a test that reads a wrong field fails.
  readonly [field: string]: any;
}

export const readManifest = (path: string): string =>
  readFileSync(new URL(path, projectRoot), 'utf8');

export const objectsOf = (text: string): ManifestObject[] =>
  parseAllDocuments(text, { merge: true })
    .map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw error;
      return document.toJS() as ManifestObject | null;
    })
    .filter((object) => object !== null);

export const objectsIn = (...paths: readonly string[]): ManifestObject[] =>
  paths.flatMap((path) => objectsOf(readManifest(path)));

/** `Kind namespace/name`, by which no two objects of an installation are alike. */
export const keyOf = ({ kind, metadata: { name, namespace } }: ManifestObject): string =>
  `${kind} ${namespace ?? ''}/${name}`;

/** What a kustomization has among its resources, of files beside it. */
export function resourcesOf(folder: string): string[] {
  const [kustomization] = objectsIn(`${folder}/kustomization.yaml`);
  const listed: string[] = kustomization?.resources ?? [];
  return listed.flatMap((name) => {
    if (name.endsWith('.yaml')) return [`${folder}/${name}`];
    return resourcesOf(new URL(`${folder}/${name}`, 'file:///').pathname.slice(1));
  });
}

export const podTemplateOf = (object: ManifestObject): ManifestObject['spec'] | null =>
  object.spec?.template?.spec?.containers === undefined ? null : object.spec.template;
