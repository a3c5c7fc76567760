/** What stands twice, in manifests and in the code that they run, must be the same. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readControllerOptions } from '../../k8s/controller/controller-options.js';
import { type Right, rightsOverInstallation, rightsOverJobs } from '../../k8s/controller/rights.js';
import { metricsPorts } from '../../k8s/names.js';
import { deriveKeys } from '../../k8s/nats/keys.js';
import { natsAuthSecret } from '../../k8s/nats/server-auth.js';
import { projectRoot } from '../../shared/project-root.js';
import {
  type ManifestObject,
  objectsIn,
  podTemplateOf,
  readManifest,
  resourcesOf,
} from './manifest-objects.js';

const objects = objectsIn(
  ...resourcesOf('k8s/base'),
  ...resourcesOf('k8s/components/nats'),
  ...resourcesOf('k8s/components/networkpolicy'),
  ...resourcesOf('k8s/components/networkpolicy/job-namespace'),
  ...resourcesOf('k8s/components/monitoring'),
);
const workloads = objects.filter((object) => podTemplateOf(object) !== null);

function only(kind: string, name: string): ManifestObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  assert.ok(found !== undefined, `${kind} ${name}`);
  return found;
}

const controller = only('Deployment', 'lockstep-controller');
const nats = only('StatefulSet', 'lockstep-nats');
const containerOf = (object: ManifestObject) => object.spec.template.spec.containers[0];
type Named = { readonly name: string; readonly value?: string; readonly containerPort?: number };
const portsOf = (object: ManifestObject): Named[] => containerOf(object).ports;
const version = JSON.parse(readFileSync(new URL('package.json', projectRoot), 'utf8')).version;

/** Each right by itself, so that the order and the grouping in a file do not matter. */
const flat = (rights: readonly Right[]): string[] =>
  rights
    .flatMap(({ apiGroups, resourceNames = [''], resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((name) =>
            verbs.map((verb) => `${verb} ${resource}.${group} ${name}`),
          ),
        ),
      ),
    )
    .sort();

// Would catch: a controller that is refused what it needs, or that may do what it never does.
test('the roles are the rights that the controller has a use for', () => {
  assert.deepEqual(flat(only('ClusterRole', 'lockstep-controller').rules), flat(rightsOverJobs));
  assert.deepEqual(flat(only('Role', 'lockstep-controller').rules), flat(rightsOverInstallation));
});

// Would catch: an option that is renamed in the code, and a controller that looks for NATS where none is.
test('the controller is given options that it reads, and addresses of Services that exist', () => {
  const { command, env, image } = containerOf(controller);
  assert.ok(existsSync(new URL(String(command[1]).replace('/lockstep/', ''), projectRoot)));
  const given = Object.fromEntries(
    (env as Named[]).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
  );
  const source = readManifest('k8s/controller/controller-options.ts');
  for (const { name } of env as Named[]) assert.ok(source.includes(`'${name}'`), name);
  const options = readControllerOptions({
    ...given,
    POD_NAME: 'p',
    POD_NAMESPACE: 'lockstep-system',
  });
  assert.equal(options.nats.servers, nats.spec.replicas);
  for (const url of [options.nats.url, options.reportUrl]) {
    const { hostname, port } = new URL(url);
    const service = only('Service', hostname.split('.')[0] ?? '');
    assert.equal(hostname, `${service.metadata.name}.${service.metadata.namespace}.svc`);
    assert.ok(
      service.spec.ports.some((open: { port: number }) => String(open.port) === port),
      url,
    );
  }
  const ports = portsOf(controller).map(({ containerPort }) => containerPort);
  assert.deepEqual(ports, [options.reportPort, options.metricsPort]);
  const images = [image, options.images.worker, options.images.workerWithGpus];
  for (const name of images) assert.ok(String(name).endsWith(`:${version}`), `${name}: ${version}`);
});

// Would catch: pods that wait for ever for a Secret of another name, and servers that do not find each other.
test('nats-server mounts and includes what the controller writes, and is named as it says', () => {
  const secret = natsAuthSecret(deriveKeys(new Uint8Array(32)), 'lockstep-system');
  const { sources } = nats.spec.template.spec.volumes[0].projected;
  assert.ok(JSON.stringify(sources).includes(`{"secret":{"name":"${secret.metadata.name}"}}`));
  const config = readManifest('k8s/components/nats/nats.conf');
  const included = [...config.matchAll(/^\s*include (\S+)$/gm)].map(([, file]) => file);
  assert.deepEqual(included, Object.keys(secret.data));
  const routes = Buffer.from(secret.data['routes.conf'], 'base64').toString();
  const hosts = [...routes.matchAll(/@([^"]+)"/g)].map(([, host]) => host);
  const { replicas, serviceName } = nats.spec;
  const named = Array.from(
    { length: replicas },
    (_, index) => `${nats.metadata.name}-${index}.${serviceName}:6222`,
  );
  assert.deepEqual(hosts, named);
  assert.equal(only('Service', serviceName).spec.clusterIP, 'None');
  for (const { containerPort } of portsOf(nats))
    assert.match(config, new RegExp(`0.0.0.0:${containerPort}"`));
});

// Would catch: a server that fills its disk before it says so, or is killed before its clients have left.
test("nats-server's limits lie within those of its pod", () => {
  const config = readManifest('k8s/components/nats/nats.conf');
  const seconds = (name: string): number =>
    Number(new RegExp(`${name}: "(\\d+)s"`).exec(config)?.[1]);
  const gigabytes = Number(/max_file_store: (\d+)GB/.exec(config)?.[1]);
  const volume = nats.spec.volumeClaimTemplates[0].spec.resources.requests.storage;
  assert.match(volume, /^\d+Gi$/);
  assert.ok(gigabytes < Number.parseInt(volume, 10));
  const { terminationGracePeriodSeconds } = nats.spec.template.spec;
  assert.ok(seconds('lame_duck_duration') < terminationGracePeriodSeconds);
  assert.ok(seconds('lame_duck_grace_period') < seconds('lame_duck_duration'));
});

// Would catch: pods that the namespace's own rule refuses, of which `kubectl apply` says nothing.
test('every pod passes pod security restricted, with a root that is only read', () => {
  assert.equal(workloads.length, 2);
  for (const object of workloads) {
    const { spec } = object.spec.template;
    assert.equal(spec.securityContext.runAsNonRoot, true);
    assert.ok(spec.securityContext.runAsUser > 0);
    assert.equal(spec.securityContext.seccompProfile.type, 'RuntimeDefault');
    for (const { resources, securityContext } of spec.containers) {
      assert.equal(securityContext.allowPrivilegeEscalation, false);
      assert.equal(securityContext.readOnlyRootFilesystem, true);
      assert.deepEqual(securityContext.capabilities, { drop: ['ALL'] });
      assert.ok(resources.requests.memory && resources.limits.memory);
    }
    const kinds = spec.volumes.flatMap(({ name: _, ...volume }: Named) => Object.keys(volume));
    const allowed = ['emptyDir', 'projected', 'configMap', 'secret', 'persistentVolumeClaim'];
    for (const kind of kinds) assert.ok(allowed.includes(kind), kind);
  }
  const namespace = only('Namespace', 'lockstep-system');
  assert.equal(namespace.metadata.labels?.['pod-security.kubernetes.io/enforce'], 'restricted');
});

// Would catch: a Service or a budget that selects nothing, and a port by a name that no container has.
test('selectors select pods, and named ports are open', () => {
  const labelsOf = (object: ManifestObject): Record<string, string> =>
    object.spec.template.metadata.labels;
  const matching = (selector: Record<string, string>): ManifestObject[] =>
    workloads.filter((object) =>
      Object.entries(selector).every(
        // Whoever leads gives itself this one.
        ([key, value]) => key === 'lockstep.dev/leader' || labelsOf(object)[key] === value,
      ),
    );
  for (const { kind, metadata, spec } of objects) {
    if (kind === 'PodDisruptionBudget') assert.equal(matching(spec.selector.matchLabels).length, 1);
    if (kind !== 'Service') continue;
    const [selected, ...more] = matching(spec.selector);
    assert.ok(selected !== undefined && more.length === 0, metadata.name);
    const open = portsOf(selected).map(({ name }) => name);
    for (const { targetPort } of spec.ports) assert.ok(open.includes(targetPort), targetPort);
  }
  for (const object of workloads) {
    const { livenessProbe, readinessProbe } = containerOf(object);
    for (const probe of [livenessProbe, readinessProbe]) {
      assert.ok(portsOf(object).some(({ name }) => name === probe.httpGet.port));
    }
  }
});

// Would catch: a cluster that enforces policies, in which a port was moved and every job hangs.
test('network policies open the ports that there are, and names for everyone', () => {
  const open = (name: string, direction: 'ingress' | 'egress'): number[] =>
    only('NetworkPolicy', name).spec[direction].flatMap(({ ports = [] }) =>
      ports.map(({ port }: { port: number }) => port),
    );
  const numbers = (object: ManifestObject): (number | undefined)[] =>
    portsOf(object).map(({ containerPort }) => containerPort);
  assert.deepEqual(open('lockstep-controller', 'ingress'), numbers(controller));
  assert.deepEqual(open('lockstep-nats', 'ingress'), numbers(nats));
  assert.deepEqual(open('lockstep-jobs', 'ingress'), [
    metricsPorts.coordinator,
    metricsPorts.worker,
  ]);
  assert.deepEqual(open('lockstep-jobs', 'egress'), [53, 53, 4222, 9410, 443]);
  assert.deepEqual(open('allow-dns', 'egress'), [53, 53]);
  assert.deepEqual(only('NetworkPolicy', 'default-deny').spec.podSelector, {});
});
