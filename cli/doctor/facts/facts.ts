/** What is known of a machine before it is judged: readings only, nothing is decided here. */
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import type { Bytes } from '../../../shared/units.js';

/** An engine of the set-up, as a process of its own has found it. */
export type EngineFact =
  | { readonly kind: 'absent'; readonly file: string }
  | { readonly kind: 'open'; readonly version: string; readonly device: string | null }
  /** It is there and does not run. */
  | { readonly kind: 'broken'; readonly reason: string };

export type ServerFact =
  | { readonly kind: 'found'; readonly path: string; readonly version: string }
  | { readonly kind: 'none'; readonly reason: string };

/** The nats-server of LOCKSTEP_NATS_URL. */
export type SharedServerFact =
  | { readonly kind: 'not-named' }
  | { readonly kind: 'there'; readonly url: string }
  | { readonly kind: 'refused'; readonly url: string; readonly reason: string };

export interface Facts {
  /** Without the `v`. */
  readonly node: string;
  readonly platform: string;
  readonly engines: Readonly<Record<SetUpEngine, EngineFact>>;
  /** Packages of npm that an engine needs and are not there. */
  readonly missingPackages: Readonly<Record<PackagedEngine, readonly string[]>>;
  /** The version of NVIDIA's driver; null without one. */
  readonly driver: string | null;
  /** Models of its devices, where the driver says so. */
  readonly devices: readonly string[];
  readonly natsServer: ServerFact;
  readonly sharedServer: SharedServerFact;
  /** That this process may use at once. */
  readonly processors: number;
  /** What its control group gives it of them; null without a limit. */
  readonly processorShare: number | null;
  /** Of the machine. */
  readonly memory: Bytes;
  /** What this process may still take, of the machine and of its control group; null: unknown. */
  readonly freeMemory: Bytes | null;
  readonly folder: string;
  /** Why nothing can be written into the folder; null where it can. */
  readonly folderRefusal: string | null;
  /** On the disk of the folder, where runs are written; null: unknown. */
  readonly freeDisk: Bytes | null;
  /** Why no port of 127.0.0.1 can be listened on; null where one can. */
  readonly portRefusal: string | null;
}

/** As a job names it. */
export type EngineName = TrainingJob['spec']['engine']['name'];
/** Those whose addon set-up builds. */
export type SetUpEngine = Extract<EngineName, 'torch' | 'tensorflow'>;
export type PackagedEngine = Exclude<EngineName, SetUpEngine>;
