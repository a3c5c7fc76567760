/** What a display shows of a run: as the processes tell it, or as the lines of its history have it. */
import type { ReportedBest, ReportedStep } from '../messages/report-fields.js';
import type { OperatorEvent, RunEvent } from '../messages/run-events.js';

export type ShownStep = Omit<ReportedStep, 'stateHash'>;
export type ShownBest = Pick<ReportedBest, 'metric' | 'value' | 'committedSteps'>;

type Of<Kind extends RunEvent['kind']> = Extract<RunEvent, { kind: Kind }>;

export type ShownRecovery = Omit<Of<'recovered'>, 'generation'>;
export type ShownRollBack = Omit<Of<'rolled-back'>, 'falseNegatives'> & {
  readonly falseNegatives: string;
};

/** A history does not keep which process of the worker it was. */
export type ShownOperatorEvent =
  | Exclude<OperatorEvent, Of<'draining' | 'refused-request'>>
  | Omit<Of<'draining'>, 'incarnation' | 'isMember'>
  | (Omit<Of<'refused-request'>, 'request'> & { readonly request: string });

export type ShownEvent =
  | Exclude<RunEvent, OperatorEvent | Of<'committed' | 'validated' | 'recovered' | 'rolled-back'>>
  | ShownOperatorEvent
  | ShownRecovery
  | ShownRollBack
  | (Omit<Of<'committed'>, 'report' | 'ledger'> & { readonly report: ShownStep })
  | (Omit<Of<'validated'>, 'best'> & { readonly best: ShownBest | null });
