/**
 * What makes a position besides the sections of its state: it travels with them to a member that copies
 * them. Like a checkpoint's manifest it is the same whoever wrote it, except for durations and paths.
 */
import { z } from 'zod';
import { recentSteps, stagesMax, stateHeaderBytes } from '../../../shared/limits.js';
import {
  bestSoFar,
  checkpointFound,
  count,
  finite,
  splitMetrics,
  stepReport,
  text,
} from '../../../shared/messages/report-fields.js';
import { guardManifest, guardPoint } from '../../checkpoint/guard-manifest.js';
import type { Validated } from '../../evaluation/validation.js';
import type { CommittedStep } from '../guard/guard.js';
import type { GuardState, Point } from '../guard/guard-state.js';

/** Raised whenever an older reader would misread a newer header. */
const version = 1;

/** What follows a commit and is still to be done. */
export type Pending =
  /** Everything: the guard's look, the evaluation, the border. */
  | { readonly kind: 'look'; readonly step: CommittedStep }
  /** The guard has looked, and the weights were rolled back. */
  | { readonly kind: 'evaluate' }
  /** The step that comes next has failed: first the weights are rolled back. */
  | {
      readonly kind: 'roll-back';
      readonly to: Point | null;
      readonly state: GuardState;
      readonly reason: string;
    };

const pending = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('look'),
    step: z.strictObject({
      report: stepReport.pick({
        step: true,
        loss: true,
        itemCosine: true,
        gradientNorm: true,
        measures: true,
      }),
      negatives: count,
    }),
  }),
  z.strictObject({ kind: z.literal('evaluate') }),
  z.strictObject({
    kind: z.literal('roll-back'),
    to: guardPoint,
    state: guardManifest,
    reason: text,
  }),
]);

const schema = z.strictObject({
  version: z.literal(version),
  /** The place of the stage among those of the job. */
  stage: z.int().min(0).max(stagesMax),
  best: bestSoFar.nullable(),
  validated: z
    .strictObject({ committedSteps: count, rows: z.array(splitMetrics).max(16) })
    .nullable(),
  guard: guardManifest.nullable(),
  /** Null where the position is settled. */
  pending: pending.nullable(),
  /** The newest that is known to be written. */
  checkpoint: checkpointFound.nullable(),
  finalLoss: finite.nullable(),
  /** Whether the run had steps to train when it began. */
  trains: z.boolean(),
  /** A stop has been agreed on. */
  stopping: z.boolean(),
  /** Lines of the last steps, oldest first. */
  recent: z.array(z.string().max(8192)).max(recentSteps),
});

export interface StateHeader {
  readonly stage: number;
  readonly best: z.infer<typeof bestSoFar> | null;
  readonly validated: Validated | null;
  readonly guard: GuardState | null;
  readonly pending: Pending | null;
  readonly checkpoint: z.infer<typeof checkpointFound> | null;
  readonly finalLoss: number | null;
  readonly trains: boolean;
  readonly stopping: boolean;
  readonly recent: readonly string[];
}

/** A member sent what is no header of this version: its state cannot be used. */
export class StateHeaderError extends Error {
  override readonly name = 'StateHeaderError';
  readonly code = 'STATE_HEADER';

  constructor(reason: string, options?: ErrorOptions) {
    super(`Cannot use the state of a member: its header ${reason}`, options);
  }
}

export const encodeStateHeader = (header: StateHeader): string =>
  JSON.stringify({ version, ...header });

/** @throws StateHeaderError */
export function decodeStateHeader(json: string): StateHeader {
  if (json.length > stateHeaderBytes) {
    throw new StateHeaderError(
      `has ${json.length} bytes: at most ${stateHeaderBytes} are possible`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new StateHeaderError('is not JSON', { cause });
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const field = result.error.issues[0]?.path.join('.') || 'its structure';
    throw new StateHeaderError(`is wrong: ${field}: should be that of version ${version}`);
  }
  const { version: _, ...header } = result.data;
  return header as StateHeader;
}
