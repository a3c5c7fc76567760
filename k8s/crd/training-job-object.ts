/** A training job as the API server gives it: an object with the job's fields, and with a status. */
import type { TrainingJobStatus } from './status-schema.js';

export interface TrainingJobObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly resourceVersion: string;
    readonly generation: number;
    readonly creationTimestamp: string;
    readonly deletionTimestamp?: string;
    readonly finalizers?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  /** With the defaults of the definition; `resolve-object.ts` reads it. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: TrainingJobStatus;
}
