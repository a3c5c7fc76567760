/** The controller's options, all from its environment: read once, complete afterwards. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { OptionError } from '../../process/options.js';
import { version } from '../../process/version.js';

export interface ControllerOptions {
  /** Whose jobs it carries; null: those of all namespaces. */
  readonly namespace: string | null;
  /** Its own. */
  readonly pod: {
    readonly name: string;
    readonly namespace: string;
    /** Holds the lease. A pod's name is one for ever, so a container that comes again goes on at once. */
    readonly identity: string;
  };
  readonly host: string;
  readonly reportPort: number;
  readonly metricsPort: number;
  readonly images: {
    /** Null: its own image. */
    readonly coordinator: string | null;
    readonly worker: string;
    readonly workerWithGpus: string;
    readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  };
  readonly nats: { readonly url: string; readonly servers: number };
  readonly reportUrl: string;
  /** Where coordinators fetch built-in datasets; null: where they would without a word. */
  readonly packageIndex: string | null;
  /** Requests a second to the API server. */
  readonly rate: { readonly perSecond: number; readonly burst: number };
  /** Jobs that are looked at at once. */
  readonly parallel: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws OptionError that names the variable, the value and the rule */
export function readControllerOptions(environment: Environment): ControllerOptions {
  const text = (name: string, otherwise: string): string => environment[name] || otherwise;
  const integer = (name: string, otherwise: number, lowest: number, highest: number): number => {
    const value = environment[name] || String(otherwise);
    const number = Number(value);
    if (/^\d+$/.test(value) && number >= lowest && number <= highest) return number;
    throw refusal(name, `an integer in [${lowest}, ${highest}]`, value);
  };
  const pod = {
    name: text('POD_NAME', 'lockstep-controller'),
    identity: text('POD_NAME', `${hostname()}_${process.pid}_${randomUUID()}`),
    namespace: text('POD_NAMESPACE', 'lockstep-system'),
  };
  const pullPolicy = text('LOCKSTEP_IMAGE_PULL_POLICY', 'IfNotPresent');
  if (pullPolicy !== 'Always' && pullPolicy !== 'IfNotPresent' && pullPolicy !== 'Never') {
    throw refusal('LOCKSTEP_IMAGE_PULL_POLICY', 'Always, IfNotPresent or Never', pullPolicy);
  }
  const packageIndex = environment.LOCKSTEP_PACKAGE_INDEX || null;
  if (packageIndex !== null && !/^https?:\/\/[^/]/.test(packageIndex)) {
    throw refusal('LOCKSTEP_PACKAGE_INDEX', 'http://… or https://…', packageIndex);
  }
  return {
    namespace: environment.LOCKSTEP_NAMESPACE || null,
    pod,
    host: text('LOCKSTEP_HOST', '0.0.0.0'),
    reportPort: integer('LOCKSTEP_REPORT_PORT', 9410, 0, 65535),
    metricsPort: integer('LOCKSTEP_METRICS_PORT', 9411, 0, 65535),
    images: {
      coordinator: environment.LOCKSTEP_COORDINATOR_IMAGE || null,
      worker: text('LOCKSTEP_WORKER_IMAGE', `localhost/lockstep-worker:${version()}`),
      workerWithGpus: text(
        'LOCKSTEP_WORKER_GPU_IMAGE',
        `localhost/lockstep-worker-cuda:${version()}`,
      ),
      pullPolicy,
    },
    nats: {
      url: text('LOCKSTEP_NATS_URL', `nats://lockstep-nats.${pod.namespace}.svc:4222`),
      servers: integer('LOCKSTEP_NATS_SERVERS', 3, 1, 99),
    },
    reportUrl: text('LOCKSTEP_REPORT_URL', `http://lockstep-controller.${pod.namespace}.svc:9410`),
    packageIndex,
    rate: {
      perSecond: integer('LOCKSTEP_API_REQUESTS_PER_SECOND', 100, 1, 10_000),
      burst: integer('LOCKSTEP_API_BURST', 200, 1, 10_000),
    },
    parallel: integer('LOCKSTEP_PARALLEL_JOBS', 16, 1, 256),
  };
}

const refusal = (name: string, rule: string, value: string): OptionError =>
  new OptionError(
    `Cannot start the controller: ${name} must be ${rule}: current value is ${JSON.stringify(value)}`,
  );
