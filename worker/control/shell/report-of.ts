/** What happens in a generation, as a report for the run's log or as progress that may be lost. */
import { accountOf } from '../../../shared/ledger/lanes-account.js';
import type { WorkerProgress, WorkerReport } from '../../../shared/messages/cluster/from-worker.js';
import { failureText } from '../../../shared/messages/report-fields.js';
import type { LinksTold } from '../../../shared/messages/work-fields.js';
import type { LaneRun } from '../../../shared/plan/lane-ownership.js';
import type { Fact, FromTraining } from '../../training/messages.js';

type Progress = Extract<Fact, { kind: 'evaluating' | 'encoding' }>;

export const isProgress = (fact: Fact): fact is Progress =>
  fact.kind === 'evaluating' || fact.kind === 'encoding';

export const progressOf = (
  { kind, done, total }: Progress,
  incarnation: string,
  generation: number,
): WorkerProgress => ({ kind: 'progress', incarnation, generation, doing: kind, done, total });

/**
 * The types are kept apart, so that each side can check its own.
 *
 * @param planSha256 of a committed step's plan as it was read here.
 * @param run of lanes that this member owns
 * @param links what is to be told of them beside a committed step
 */
export function reportOf(
  fact: Exclude<Fact, Progress>,
  planSha256: string | null,
  run: LaneRun,
  links: LinksTold | null = null,
): WorkerReport {
  switch (fact.kind) {
    case 'committed': {
      const { work } = fact;
      const { lanes, ...report } = fact.report;
      if (planSha256 === null) throw new Error(`Step ${report.step} was trained without a plan`);
      const told = { kind: 'committed', report, lanes: accountOf(lanes, run), planSha256 } as const;
      return { ...told, ...(work && { work }), ...(links && { links }) };
    }
    case 'notice':
      return { kind: 'notice', text: failureText(fact.text) };
    case 'validated':
    case 'evaluated':
      return { ...fact, results: fact.results.map((result) => ({ ...result })) };
    default:
      return fact;
  }
}

export function failureOf({
  code,
  message,
  stack,
  committedSteps,
}: Omit<Extract<FromTraining, { kind: 'failed' }>, 'kind'>): WorkerReport {
  return {
    kind: 'failed',
    code: code.slice(0, 64),
    message: failureText(message),
    stack: failureText(stack),
    committedSteps,
  };
}
