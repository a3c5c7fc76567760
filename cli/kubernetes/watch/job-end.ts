/** How a training job of a cluster has ended, from its status and what its coordinator said last. Pure. */
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { type ExitCode, exitCodeOf, exitCodes } from '../../../shared/exit-codes.js';
import type { EndLine } from '../../../shared/history/history-line.js';

export interface JobEnd {
  readonly exitCode: ExitCode;
  readonly isComplete: boolean;
  /** The last line of `--json`. */
  readonly line: object;
  readonly message: string;
}

/** Of the ways in which a job fails before anything has trained. */
const unusable = ['InvalidSpec', 'UnusableJob'];

/**
 * Null while it is not over.
 *
 * @param time ISO 8601
 */
export function jobEnd(
  { metadata, status }: TrainingJobObject,
  said: EndLine | null,
  time: string,
): JobEnd | null {
  const condition = (status?.conditions ?? []).find(
    ({ status: holds, type }) => holds === 'True' && (type === 'Complete' || type === 'Failed'),
  );
  if (condition === undefined) return null;
  const { message, reason, type } = condition;
  const isComplete = type === 'Complete';
  if (said !== null && isEndOf(said, isComplete)) {
    return { exitCode: said.exit_code as ExitCode, isComplete, line: said, message };
  }
  const common = { time, job: metadata.name, committed_steps: status?.step ?? 0 };
  if (isComplete) {
    const { loss = null, weightsSha256 = null } = status ?? {};
    const fields = {
      exit_code: exitCodes.success,
      final_loss: loss,
      weights_sha256: weightsSha256,
    };
    return {
      ...{ exitCode: exitCodes.success, isComplete, message },
      line: { kind: 'finished', ...common, ...fields },
    };
  }
  const code = /\(([A-Z][A-Z0-9_]+)\)$/.exec(message)?.[1] ?? null;
  const exitCode = exitCodeOfFailure(code, reason);
  const fields = {
    exit_code: exitCode,
    code: code ?? reason,
    message,
    process: null,
    resume: null,
  };
  return { exitCode, isComplete, line: { kind: 'failed', ...common, ...fields }, message };
}

/** A coordinator that was stopped or lost on the way has said its end, too. */
export const isEndOf = (said: EndLine, isComplete: boolean): boolean =>
  isComplete
    ? said.kind === 'finished' && said.exit_code === exitCodes.success
    : said.kind === 'failed';

function exitCodeOfFailure(code: string | null, reason: string): ExitCode {
  if (code !== null) return exitCodeOf(code);
  return unusable.includes(reason) ? exitCodes.usage : exitCodes.training;
}
