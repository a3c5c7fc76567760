/** Watches a training job of a cluster until it ends, with the display of the command that trains. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, isGone } from '../../../k8s/api/api-error.js';
import type { TrainingJobObject } from '../../../k8s/crd/training-job-object.js';
import { type ExitCode, exitCodes, isKnownCode } from '../../../shared/exit-codes.js';
import type { EndLine } from '../../../shared/history/history-line.js';
import { eventOf, isEnd } from '../../../shared/history/line-events.js';
import { resultOf } from '../../../shared/history/result-of-line.js';
import { openOwnDisplay } from '../../output/display/own-display.js';
import { metricsTable } from '../../output/end/metrics-table.js';
import { nextStepText } from '../../output/end/next-steps.js';
import { resultText } from '../../output/end/result.js';
import { sayJson } from '../../output/json-line.js';
import { UsageError } from '../../usage-error.js';
import { onward, type Where } from '../cluster/cluster-words.js';
import { type Cluster, readJob } from '../cluster/open-cluster.js';
import { stateOf } from '../text/job-table.js';
import { followCoordinators } from './follow-coordinators.js';
import { isEndOf, type JobEnd, jobEnd } from './job-end.js';

/** A status is written every five seconds at most. */
const lookAgainAfter = 1000;
/** What a coordinator says at its end may come after the status that tells of it. */
const lastWordsWithin = 5000;
/** An API server that is made anew is away for less. */
const silentAtMost = 60_000;

/** States in which lines of a coordinator tell more than the status. */
const busy = ['Running', 'Degraded', 'Complete', 'Failed'];

export interface WatchParts {
  readonly cluster: Cluster;
  readonly job: TrainingJobObject;
  readonly where: Where;
}

/**
 * Ctrl-C ends the watching; the job goes on.
 *
 * @throws UsageError where the job is deleted meanwhile; ApiError where nobody answers for a minute
 */
export async function watchJob({ cluster, job, where }: WatchParts): Promise<ExitCode> {
  const { name, namespace } = job.metadata;
  const display = openOwnDisplay(where.json);
  const end = new AbortController();
  const detach = (): void => {
    const again = onward(`status ${name} --watch`, { ...where, namespace });
    display.note(`detached: the job goes on; to watch it again: ${again}`);
    end.abort();
  };
  process.once('SIGINT', detach).once('SIGTERM', detach);
  let last: EndLine | null = null;
  const following = followCoordinators(
    cluster,
    name,
    (line) => {
      if (isEnd(line)) last = line;
      const event = eventOf(line);
      if (event !== null) display.event(event, line);
    },
    end.signal,
  );
  try {
    const onState = (text: string): void =>
      display.event({ kind: 'waiting', reason: text }, { ...waiting(), reason: text });
    const over = await untilOver({ cluster, job, onState, signal: end.signal });
    if (over === null) {
      if (where.json) sayJson('left', { exitCode: exitCodes.success, job: name });
      return exitCodes.success;
    }
    const endNow = (): JobEnd => jobEnd(over, last, new Date().toISOString()) as JobEnd;
    const { isComplete } = endNow();
    const isTold = (): boolean => last !== null && isEndOf(last, isComplete);
    for (let passed = 0; !isTold() && passed < lastWordsWithin; passed += lookAgainAfter) {
      await sleep(lookAgainAfter);
    }
    const more = onward(`logs ${name}`, { ...where, namespace });
    return showEnd(endNow(), isTold() ? last : null, display, more);
  } finally {
    end.abort();
    process.off('SIGINT', detach).off('SIGTERM', detach);
    await following;
  }
}

const waiting = () => ({ kind: 'waiting', time: new Date().toISOString() });

interface OverParts {
  readonly cluster: Cluster;
  readonly job: TrainingJobObject;
  readonly onState: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Null where the watching ends first. */
async function untilOver(parts: OverParts): Promise<TrainingJobObject | null> {
  const { cluster, job, onState, signal } = parts;
  const { name, uid } = job.metadata;
  let heardAt = performance.now();
  while (!signal.aborted) {
    try {
      const now = await readJob(cluster, name);
      if (now.metadata.uid !== uid) throw gone(name);
      heardAt = performance.now();
      if (jobEnd(now, null, '') !== null) return now;
      const state = stateOf(now);
      if (!busy.includes(state)) onState(stateText(state, now));
    } catch (error) {
      if (isGone(error)) throw gone(name);
      const passes = error instanceof ApiError && (error.status === 0 || error.status >= 429);
      if (!passes || performance.now() - heardAt > silentAtMost) throw error;
    }
    await sleep(lookAgainAfter, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

const stateText = (state: string, { status }: TrainingJobObject): string =>
  (status?.message ?? '') === '' ? `the job is ${state}` : `${state}: ${status?.message}`;

const gone = (name: string): UsageError =>
  new UsageError(`Cannot watch "${name}" any longer: it was deleted`);

function showEnd(
  end: JobEnd,
  said: EndLine | null,
  display: ReturnType<typeof openOwnDisplay>,
  more: string,
): ExitCode {
  if (!end.isComplete) {
    const { code = '' } = end.line as { readonly code?: string };
    // A reason of the cluster is no code: its message says what to change.
    const next = isKnownCode(code) ? `\n${nextStepText(code)}` : '';
    display.failure(`lockstep: ${end.message}${next}\nTo see more: ${more}`, end.line);
  } else if (said?.kind === 'finished') {
    const result = resultOf(said);
    const table = result.metrics.length === 0 ? [] : ['', metricsTable(result.metrics)];
    display.result(end.line, [resultText(result), ...table].join('\n'));
  } else {
    display.result(end.line, `complete: ${end.message}`);
  }
  return end.exitCode;
}
