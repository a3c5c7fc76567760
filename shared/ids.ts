/**
 * Names and numbers that identify things, as types of their own, so that a rank cannot be
 * passed where a lane is expected. The brand exists for the compiler only.
 */
declare const identity: unique symbol;

type NumberId<Name extends string> = number & { readonly [identity]: Name };
type StringId<Name extends string> = string & { readonly [identity]: Name };

/** Names a job within the cluster: `metadata.name` of its spec. */
export type JobId = StringId<'JobId'>;

/** Names one execution of a job; see `shared/run/run-id.ts`. */
export type RunId = StringId<'RunId'>;

/** Names a worker process; members are ranked by the order of these names. */
export type WorkerId = StringId<'WorkerId'>;

/** Counts optimizer updates: step 0 is the first one. A committed step count of n means steps 0..n-1. */
export type Step = NumberId<'Step'>;

/** One of the V fixed slices of every step's work, in [0, V). */
export type Lane = NumberId<'Lane'>;

/** A member's position in its generation, in [0, world size). */
export type Rank = NumberId<'Rank'>;

/** Numbers a membership; a message of an older generation is refused. */
export type Generation = NumberId<'Generation'>;

export const jobId = (value: string): JobId => value as JobId;
export const runId = (value: string): RunId => value as RunId;
export const workerId = (value: string): WorkerId => value as WorkerId;
export const step = (value: number): Step => value as Step;
export const lane = (value: number): Lane => value as Lane;
export const rank = (value: number): Rank => value as Rank;
export const generation = (value: number): Generation => value as Generation;
