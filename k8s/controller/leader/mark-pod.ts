/** The label by which reports find who leads: the Service of the controller selects by it. */
import type { Log } from '../../../shared/log.js';
import { isForbidden, isGone } from '../../api/api-error.js';
import type { KubernetesApi } from '../../api/kubernetes-api.js';
import { apiGroup } from '../../names.js';
import type { KubernetesObject } from '../../objects/kubernetes-objects.js';
import { backoff } from '../queue/backoff.js';

const leaderLabel = `${apiGroup}/leader`;

/** Of k8s/base/controller.yaml. */
const containerName = 'controller';

const limits = { firstMs: 500, longestMs: 30_000 };

interface RunningPod extends KubernetesObject {
  readonly spec?: { readonly containers?: readonly { name?: string; image?: string }[] };
}

/** The image of the controller in its pod; others may have put containers of theirs in front of it. */
export function ownImage({ spec }: RunningPod): string | null {
  const { containers = [] } = spec ?? {};
  const own = containers.find(({ name }) => name === containerName) ?? containers[0];
  return own?.image ?? null;
}

export interface MarkPodOptions {
  readonly api: Pick<KubernetesApi, 'patch'>;
  readonly pod: { readonly name: string; readonly namespace: string };
  readonly log: Log;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

/**
 * For a leader it is tried until it is done or the signal: no report comes to one without the label.
 *
 * @returns the image of the pod; null where this process runs in none
 */
export async function markPod(
  { api, log, pod, random, signal, wait }: MarkPodOptions,
  leads: boolean,
): Promise<string | null> {
  const place = { kind: 'Pod', namespace: pod.namespace, name: pod.name } as const;
  for (let failures = 1; !signal.aborted; failures++) {
    try {
      const patch = { metadata: { labels: { [leaderLabel]: String(leads) } } };
      return ownImage(await api.patch(place, patch));
    } catch (error) {
      log.warn({ leads, failures }, (error as Error).message);
      // What is left of the label of a life before does no harm that would be worth waiting for.
      if (!leads || isGone(error) || isForbidden(error)) return null;
    }
    await wait(backoff(failures, limits, random()), signal);
  }
  return null;
}
