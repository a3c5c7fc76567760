/** Keeps, or waits for, the Lease. A leader that may have lost it is told, and must not act any more. */
import type { Log } from '../../../shared/log.js';
import { isConflict, isGone } from '../../api/api-error.js';
import type { KubernetesApi } from '../../api/kubernetes-api.js';
import { apiVersionOf } from '../../api/resources.js';
import type { KubernetesObject, WrittenObject } from '../../objects/kubernetes-objects.js';
import {
  decideLease,
  type LeaseSeen,
  leaseTimes,
  type Observation,
  observe,
} from './decide-lease.js';

export const leaseName = 'lockstep-controller';

interface LeaseObject extends KubernetesObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly renewTime?: string;
    readonly acquireTime?: string;
    readonly leaseTransitions?: number;
  };
}

export interface LeaderElectionOptions {
  readonly api: KubernetesApi;
  readonly namespace: string;
  readonly self: string;
  readonly log: Log;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
}

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  #observation: Observation | null = null;
  #renewedAt: number | null = null;
  #lease: LeaseObject | null = null;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
  }

  /** Whether the Lease is ours beyond doubt. */
  get leads(): boolean {
    const at = this.#renewedAt;
    return at !== null && this.#options.now() - at < leaseTimes.renewDeadlineMs;
  }

  /** Until we lead, or the signal. */
  async acquire(): Promise<void> {
    const { signal, wait } = this.#options;
    while (!signal.aborted && !(await this.#try())) await wait(leaseTimes.retryMs, signal);
  }

  /** Until we no longer lead, or the signal. */
  async keep(): Promise<void> {
    const { signal, wait } = this.#options;
    while (!signal.aborted && this.leads) {
      await wait(leaseTimes.retryMs, signal);
      if (!signal.aborted) await this.#try();
    }
  }

  /** Lets the next one lead at once. */
  async release(): Promise<void> {
    if (!this.leads || this.#lease === null) return;
    this.#renewedAt = null;
    const { spec, ...lease } = this.#lease;
    const free = { ...spec, holderIdentity: '', leaseDurationSeconds: 1 };
    await this.#options.api
      .replace({ ...lease, spec: free } as WrittenObject)
      .catch(() => undefined);
  }

  async #try(): Promise<boolean> {
    const { log, now, self } = this.#options;
    // Before the request: a late answer makes the Lease older, never younger.
    const asked = now();
    try {
      // Who holds it knows its version, and is told when that is wrong.
      const lease = this.leads && this.#lease !== null ? this.#lease : await this.#read();
      this.#observation = observe(this.#observation, seenIn(lease), asked);
      const decision = decideLease(this.#observation, self, asked);
      if (decision === 'wait') {
        this.#renewedAt = null;
        return false;
      }
      this.#lease = (await this.#write(lease, decision === 'take')) as LeaseObject;
      this.#renewedAt = asked;
      return true;
    } catch (error) {
      this.#lease = null;
      if (!isConflict(error)) log.warn({}, (error as Error).message);
      return false;
    }
  }

  async #read(): Promise<LeaseObject | null> {
    const { api, namespace } = this.#options;
    try {
      return (await api.get({ kind: 'Lease', namespace, name: leaseName })) as LeaseObject;
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  #write(lease: LeaseObject | null, isNew: boolean): Promise<KubernetesObject> {
    const { api, namespace, self } = this.#options;
    const time = new Date().toISOString().replace(/Z$/, '000Z');
    const { acquireTime = time, leaseTransitions = 0 } = lease?.spec ?? {};
    const object: WrittenObject = {
      apiVersion: apiVersionOf('Lease'),
      kind: 'Lease',
      // With the version that was read, so that of two who take it one is refused.
      metadata: lease?.metadata ?? { name: leaseName, namespace },
      spec: {
        holderIdentity: self,
        leaseDurationSeconds: leaseTimes.durationMs / 1000,
        acquireTime: isNew ? time : acquireTime,
        renewTime: time,
        leaseTransitions: isNew && lease !== null ? leaseTransitions + 1 : leaseTransitions,
      },
    };
    return lease === null ? api.create(object) : api.replace(object);
  }
}

const seenIn = (lease: LeaseObject | null): LeaseSeen => ({
  holder: lease?.spec?.holderIdentity ?? null,
  renewTime: lease?.spec?.renewTime ?? null,
  transitions: lease?.spec?.leaseTransitions ?? 0,
});
