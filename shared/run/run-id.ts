/**
 * What tells two executions of one job apart. Everything that a run has on the bus carries its id
 * beside the job's name, so that two runs of one name never hear each other. A training keeps its id
 * when it is resumed; an evaluation has one of its own each time.
 */
import { type JobId, type RunId, runId } from '../ids.js';

/** A run on the bus. */
export interface RunAddress {
  readonly job: JobId;
  readonly run: RunId;
}

/** Shown in the id, because only trainings are the single live run of their name. */
export type RunKind = 'training' | 'evaluation';

const letters = { training: 't', evaluation: 'e' } as const;

/** Random bytes of an id: so many that two runs on one server never meet by chance. */
export const runIdBytes = 8;

const pattern = /^[te][0-9a-f]{16}$/;

/** @param random `runIdBytes` bytes from a good source. */
export function makeRunId(kind: RunKind, random: Uint8Array): RunId {
  if (random.length !== runIdBytes) {
    throw new RangeError(
      `Cannot name a run: ${runIdBytes} random bytes are needed: it got ${random.length}`,
    );
  }
  return runId(letters[kind] + Buffer.from(random).toString('hex'));
}

/** Null for a text that is no id of a run. */
export const readRunId = (value: unknown): RunId | null =>
  typeof value === 'string' && pattern.test(value) ? runId(value) : null;

export const isEvaluation = (run: RunId): boolean => run.startsWith(letters.evaluation);
