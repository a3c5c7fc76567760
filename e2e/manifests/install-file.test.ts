/** k8s/install.yaml is what is rendered from its parts, as far as that can be seen without kubectl. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import {
  keyOf,
  type ManifestObject,
  objectsIn,
  readManifest,
  resourcesOf,
} from './manifest-objects.js';

const parts = objectsIn(...resourcesOf('k8s/base'), ...resourcesOf('k8s/components/nats'));
const installed = objectsIn('k8s/install.yaml');

/** Without the digest that kustomize gives the names of ConfigMaps that it makes. */
const withoutDigests = (object: ManifestObject): ManifestObject =>
  JSON.parse(JSON.stringify(object).replace(/"lockstep-nats-[a-z0-9]{10}"/g, '"lockstep-nats"'));

// Would catch: a fix in k8s/base that nobody gets who installs with one file.
test('install.yaml has every object of base and nats, as it is there, and no other', () => {
  const found = new Map(installed.map((object) => [keyOf(withoutDigests(object)), object]));
  for (const part of parts) {
    const key = keyOf(part);
    const object = found.get(key);
    assert.ok(object !== undefined, `${key} is missing: ${update}`);
    assert.ok(isDeepStrictEqual(withoutDigests(object), part), `${key} is another one: ${update}`);
  }
  const generated = [...found.keys()].filter((key) => !parts.some((part) => keyOf(part) === key));
  assert.deepEqual(generated, ['ConfigMap lockstep-system/lockstep-nats']);
});

const update =
  'write it anew: LOCKSTEP_UPDATE=1 node --test dist/e2e/manifests/install-file.integration.test.js';

// Would catch: servers that still run under a configuration that was changed.
test('install.yaml has the configuration of nats-server', () => {
  const config = installed.find(({ kind }) => kind === 'ConfigMap');
  assert.equal(config?.data['nats.conf'], readManifest('k8s/components/nats/nats.conf'), update);
});
