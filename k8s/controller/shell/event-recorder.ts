/** Events on a TrainingJob, for `kubectl describe`. They are told once, and losing one loses nothing. */
import { randomBytes } from 'node:crypto';
import type { Log } from '../../../shared/log.js';
import type { KubernetesApi } from '../../api/kubernetes-api.js';
import { apiVersionOf } from '../../api/resources.js';
import type { TrainingJobObject } from '../../crd/training-job-object.js';
import { apiGroup } from '../../names.js';
import type { WrittenObject } from '../../objects/kubernetes-objects.js';
import type { JobEvent } from '../reconcile/decision.js';

/** Kubernetes takes 1,024 bytes. */
export const longestNote = 1_000;
/** The same words about the same job are not told again for so long. */
const sameFor = 600_000;
/** Of words that are remembered for that. */
const rememberedMax = 2_000;

export function eventObject(
  job: TrainingJobObject,
  { note, reason, type }: JobEvent,
  instance: string,
  time: Date,
  id: string,
): WrittenObject {
  const { name, namespace, resourceVersion, uid } = job.metadata;
  return {
    apiVersion: apiVersionOf('Event'),
    kind: 'Event',
    metadata: { name: `${name}.${id}`, namespace },
    eventTime: time.toISOString().replace(/Z$/, '000Z'),
    reportingController: `${apiGroup}/controller`,
    reportingInstance: instance.slice(0, 128),
    action: 'Reconcile',
    type,
    reason,
    note: shortened(note),
    regarding: {
      apiVersion: job.apiVersion,
      kind: job.kind,
      ...{ name, namespace, uid, resourceVersion },
    },
  };
}

function shortened(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= longestNote) return note;
  // What is left of a character that was cut in two is replaced by one of three bytes.
  const kept = bytes.subarray(0, longestNote - 6).toString('utf8');
  return `${kept.replace(/\uFFFD$/, '')}...`;
}

export interface EventRecorderOptions {
  readonly api: KubernetesApi;
  /** Of the controller's pod. */
  readonly instance: string;
  readonly log: Log;
  readonly now: () => number;
}

export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #told = new Map<string, number>();

  constructor(options: EventRecorderOptions) {
    this.#options = options;
  }

  record(job: TrainingJobObject, event: JobEvent): void {
    const { api, instance, log } = this.#options;
    const key = [job.metadata.uid, event.reason, event.note].join('\n');
    const last = this.#told.get(key);
    const now = this.#options.now();
    if (last !== undefined && now - last < sameFor) return;
    if (this.#told.size >= rememberedMax) this.#told.clear();
    this.#told.set(key, now);
    const id = randomBytes(8).toString('hex');
    const object = eventObject(job, event, instance, new Date(now), id);
    api.create(object).catch((error: Error) => {
      log.warn({ reason: event.reason }, error.message);
    });
  }
}
