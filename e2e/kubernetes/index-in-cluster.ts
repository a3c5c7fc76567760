/** A package index within the cluster: its pods have no way out. */
import { fileURLToPath } from 'node:url';
import { version } from '../../process/version.js';
import { projectRoot } from '../../shared/project-root.js';
import { apply, kubectl, until } from './kubectl.js';
import type { Scene } from './scene.js';

/** Files below /index, as any server of files gives them. */
const program = `
const { createReadStream } = require('node:fs');
require('node:http').createServer((request, response) => {
  const path = '/index' + request.url + (request.url.endsWith('/') ? 'index.html' : '');
  response.setHeader('content-type', path.endsWith('.html') ? 'text/html' : 'application/zip');
  createReadStream(path).on('error', () => response.writeHead(404).end()).pipe(response);
}).listen(8080);`;

/** @returns its address, for the controller's variable */
export async function serveIndex(scene: Scene): Promise<string> {
  const { namespace } = scene;
  const labels = { app: 'index' };
  await scene.volume('index', scene.indexFolder, 'ReadOnlyMany');
  await apply(
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'index', namespace },
      spec: { selector: labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'index', namespace, labels },
      spec: {
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 65532,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        containers: [
          {
            name: 'index',
            // The one image that is there in any case, with a Node.js in it.
            image: `localhost/lockstep-coordinator:${version()}`,
            command: ['/usr/local/bin/node', '-e', program],
            readinessProbe: { httpGet: { path: '/simple/recbole/', port: 8080 }, periodSeconds: 1 },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
            volumeMounts: [{ name: 'index', mountPath: '/index', readOnly: true }],
          },
        ],
        volumes: [{ name: 'index', persistentVolumeClaim: { claimName: 'index', readOnly: true } }],
      },
    },
  );
  await kubectl(['wait', '-n', namespace, '--for=condition=Ready', 'pod/index', '--timeout=60s']);
  return `http://index.${namespace}.svc/simple`;
}

/** As docs/kubernetes.md says it; null takes it away. */
export async function setPackageIndex(url: string | null): Promise<void> {
  const set = url === null ? 'LOCKSTEP_PACKAGE_INDEX-' : `LOCKSTEP_PACKAGE_INDEX=${url}`;
  const controller = ['-n', 'lockstep-system', 'deployment/lockstep-controller'];
  await kubectl(['set', 'env', ...controller, set]);
  await kubectl(['rollout', 'status', ...controller, '--timeout=90s']);
  // The one before lets go as it ends; who leads has the Service's label.
  const selector = ['-l', 'lockstep.dev/leader=true'];
  await until(
    ['-n', 'lockstep-system', 'pods', ...selector],
    'a controller with the new variable leads',
    ({ metadata, spec }) => {
      const isVariable = ({ name }: { name: string }) => name === 'LOCKSTEP_PACKAGE_INDEX';
      const value = spec.containers[0].env.find(isVariable)?.value ?? null;
      return metadata.deletionTimestamp === undefined && value === url;
    },
    60,
  );
}

export const exampleFile = fileURLToPath(new URL('examples/k8s/movielens.yaml', projectRoot));
