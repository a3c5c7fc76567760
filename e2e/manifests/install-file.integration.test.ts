/** What kustomize makes of the manifests; skipped where there is no kubectl. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { projectRoot } from '../../shared/project-root.js';
import { findKubectl, kustomize } from './kustomize.js';
import { keyOf, objectsIn, objectsOf } from './manifest-objects.js';

const kubectl = findKubectl() ?? '';
const skip =
  kubectl === '' ? 'there is no kubectl on PATH, nor one that a test cluster has unpacked' : false;
const file = 'k8s/install.yaml';
const head = `# Installs Lockstep: kubectl apply --server-side -f k8s/install.yaml (docs/kubernetes.md). Rendered from
# k8s/overlays/install; a test keeps it current, and writes it anew with
# LOCKSTEP_UPDATE=1 node --test dist/e2e/manifests/install-file.integration.test.js
`;

// Would catch: an installation by one file that is another one than by kustomize.
test('k8s/install.yaml is what kustomize renders', { skip }, () => {
  const rendered = kustomize(kubectl, 'k8s/overlays/install');
  if (process.env.LOCKSTEP_UPDATE === '1') {
    writeFileSync(new URL(file, projectRoot), `${head}${rendered}`);
  }
  // Not the text: versions of kustomize break lines differently.
  assert.deepEqual(objectsIn(file), objectsOf(rendered));
});

// Would catch: an overlay that names a file, an object or a field that is no more.
test('every overlay renders, and differs from the others as it says', { skip }, () => {
  const keysOf = (overlay: string): string[] =>
    objectsOf(kustomize(kubectl, `k8s/overlays/${overlay}`)).map(keyOf);
  const installed = keysOf('install');
  const production = keysOf('production');
  assert.deepEqual(
    installed.filter((key) => !production.includes(key)),
    [],
  );
  for (const kind of ['NetworkPolicy', 'PodMonitor', 'PrometheusRule', 'ConfigMap']) {
    assert.ok(
      production.some((key) => key.startsWith(`${kind} `) && !installed.includes(key)),
      kind,
    );
  }
  assert.deepEqual(keysOf('monitoring').toSorted(), [
    'ConfigMap lockstep-system/lockstep-dashboard',
    'PodMonitor lockstep-system/lockstep-controller',
    'PodMonitor lockstep-system/lockstep-jobs',
    'PrometheusRule lockstep-system/lockstep',
  ]);
  const dev = objectsOf(kustomize(kubectl, 'k8s/overlays/dev'));
  const server = dev.find(({ kind }) => kind === 'StatefulSet');
  assert.equal(server?.spec.replicas, 1);
  assert.ok(!server?.spec.volumeClaimTemplates?.length);
  assert.ok(
    server?.spec.template.spec.volumes.some(({ name }: { name: string }) => name === 'data'),
  );
  assert.doesNotMatch(JSON.stringify(dev.find(({ kind }) => kind === 'ConfigMap')), /cluster \{/);
  assert.ok(keysOf('kueue').includes('ClusterQueue /lockstep'));
});
