/** What a display shows of a run: as the processes tell it, or as the lines of its history have it. */
import type { ReportedBest, ReportedStep } from '../messages/report-fields.js';
import type { RunEvent } from '../messages/run-events.js';

export type ShownStep = Omit<ReportedStep, 'stateHash'>;
export type ShownBest = Pick<ReportedBest, 'metric' | 'value' | 'committedSteps'>;

type Of<Kind extends RunEvent['kind']> = Extract<RunEvent, { kind: Kind }>;

export type ShownRecovery = Omit<Of<'recovered'>, 'generation'>;
export type ShownRollBack = Omit<Of<'rolled-back'>, 'falseNegatives'> & {
  readonly falseNegatives: string;
};

export type ShownEvent =
  | Exclude<RunEvent, Of<'committed' | 'validated' | 'recovered' | 'rolled-back'>>
  | ShownRecovery
  | ShownRollBack
  | (Omit<Of<'committed'>, 'report' | 'ledger'> & { readonly report: ShownStep })
  | (Omit<Of<'validated'>, 'best'> & { readonly best: ShownBest | null });
