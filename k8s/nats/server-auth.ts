/**
 * What nats-server must be told of the installation's keys. It holds no key that could sign: of the
 * operator and the system account servers know the public halves, and which accounts exist comes to them
 * over the system account.
 */
import { accountJwt, operatorJwt, userJwt } from './claims.js';
import { credsText } from './credentials.js';
import type { Keys } from './keys.js';

/** The Secret that NATS pods wait for. */
export const natsAuthSecretName = 'lockstep-nats-auth';

/** Its files; nats-server's configuration includes them by these names (k8s/components/nats). */
export const natsAuthFile = 'auth.conf';
export const natsRoutesFile = 'routes.conf';

/** The controller's user name, and the inbox that only it may read. */
const controller = 'controller';

const origin = '# Written by the controller out of the Secret lockstep-keys.';

/** Whom the servers trust; the file that includes it has the `resolver`. */
export function natsAuthText(keys: Keys): string {
  const system = keys.system.publicKey;
  return `${origin}
operator: ${operatorJwt(keys.operator, system)}
system_account: ${system}
resolver_preload: {
  ${system}: ${accountJwt(keys.operator, 'lockstep-system', system, null)}
}
`;
}

/** The pods of the StatefulSet, by the names that its headless Service gives them. */
const routesOf = (servers: number): string[] =>
  Array.from({ length: servers }, (_, index) => `lockstep-nats-${index}.lockstep-nats-pods:6222`);

/** What the servers of a cluster show each other; included inside of its `cluster`. */
export function natsRoutesText(keys: Keys, hosts: readonly string[]): string {
  const urls = hosts.map((host) => `  "nats://lockstep:${keys.routesPassword}@${host}"`);
  return `${origin}
authorization { user: lockstep, password: "${keys.routesPassword}" }
routes: [
${urls.join('\n')}
]
`;
}

/** As an object to apply; the same keys give the same object. */
export const natsAuthSecret = (keys: Keys, namespace: string, servers = 3) => ({
  apiVersion: 'v1' as const,
  kind: 'Secret' as const,
  metadata: {
    name: natsAuthSecretName,
    namespace,
    labels: {
      'app.kubernetes.io/name': 'lockstep',
      'app.kubernetes.io/component': 'nats',
      'app.kubernetes.io/managed-by': 'lockstep-controller',
    },
  },
  type: 'Opaque' as const,
  data: {
    [natsAuthFile]: Buffer.from(natsAuthText(keys)).toString('base64'),
    [natsRoutesFile]: Buffer.from(natsRoutesText(keys, routesOf(servers))).toString('base64'),
  },
});

/** What the controller itself shows: it may change accounts, and read nothing of any job. */
export function controllerCreds(keys: Keys): string {
  const may = {
    publish: [
      '$SYS.REQ.CLAIMS.UPDATE',
      '$SYS.REQ.CLAIMS.DELETE',
      '$SYS.REQ.CLAIMS.LIST',
      '$SYS.REQ.ACCOUNT.*.CLAIMS.LOOKUP',
    ],
    subscribe: [`_INBOX_${controller}.>`],
  };
  const jwt = userJwt(keys.system, controller, keys.controller.publicKey, may);
  return credsText(jwt, keys.controller);
}
