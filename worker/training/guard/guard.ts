/**
 * The guard of a training: it watches the committed steps and says when they collapse. Every member has
 * one, which sees the same numbers and so decides the same; what it remembers is part of each checkpoint.
 */
import { codeOf } from '../../../shared/exit-codes.js';
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import type { StepReport } from '../messages.js';
import { afterCollapse, type Reaction } from './after-collapse.js';
import { firstGuardState, type GuardState, type Point, type Readings } from './guard-state.js';
import type { GuardContext } from './signals.js';
import { type Finding, hasWarned, watchStep, withCandidate } from './watch-step.js';

export interface GuardParts {
  /** That of the stage, as it is trained. */
  readonly job: TrainingJob;
  /** Committed steps at which the stage began. */
  readonly stageStart: number;
  /** Floats that train. */
  readonly trainedLength: number;
  /** From the checkpoint that training resumed from. */
  readonly state: GuardState | null;
  /** Tells the user what the run goes on without. */
  readonly notice: (text: string) => void;
}

export interface Collapsed {
  readonly finding: Finding;
  readonly reaction: Exclude<Reaction, { kind: 'warn' }>;
}

/** A committed step, as the guard sees it: all that a state's header carries of one. */
export interface CommittedStep {
  readonly report: Pick<StepReport, 'step' | 'loss' | 'itemCosine' | 'gradientNorm' | 'measures'>;
  /** Drawn for each of its predictions. */
  readonly negatives: number;
}

/** What the guard makes of a step. */
export interface Look {
  /** What it remembers from then on; null where nothing is watched. */
  readonly state: GuardState | null;
  /** For the user; null without a reason. */
  readonly notice: string | null;
  /** What must follow; null where training goes on as it is. */
  readonly collapsed: Collapsed | null;
}

/** Of steps that teach nothing, or too much at once: a collapse that came faster than its signals. */
const collapseCodes: ReadonlySet<string> = new Set([
  'NO_LIVE_NEGATIVES',
  'ZERO_GRADIENT',
  'NON_FINITE',
]);

export class Guard {
  readonly #parts: GuardParts;
  #state: GuardState | null;

  constructor(parts: GuardParts) {
    this.#parts = parts;
    const isOff = parts.job.spec.guard.action === 'off';
    this.#state = isOff ? null : (parts.state ?? firstGuardState);
  }

  /** For the checkpoint; null where nothing is watched. */
  get state(): GuardState | null {
    return this.#state;
  }

  /** A checkpoint that the job asks for is about to be written. */
  checkpointDue(point: Point): void {
    if (this.#state !== null) this.#state = withCandidate(this.#state, point);
  }

  /**
   * What the guard of the next stage begins with. What comes after the border is of that stage, so weights
   * that nothing was said of are healthy there.
   */
  atBorder(committedSteps: number): GuardState | null {
    if (this.#state === null) return null;
    const { raised, healthy } = this.#state;
    const isQuiet = !hasWarned(raised);
    return { ...firstGuardState, healthy: isQuiet ? { committedSteps, best: null } : healthy };
  }

  /**
   * Looks at a committed step, and changes nothing: what follows the step may have to be done again.
   */
  look({ report, negatives }: CommittedStep): Look {
    if (this.#state === null) return { state: null, notice: null, collapsed: null };
    const committedSteps = report.step + 1;
    const context = this.#context();
    const { state, verdict } = watchStep(this.#state, readingsOf(report, negatives), context);
    const seen: Look = { state, notice: null, collapsed: null };
    if (verdict.kind === 'healthy') return seen;
    const { finding } = verdict;
    if (verdict.kind === 'warn') {
      return { ...seen, notice: notice('training may be collapsing', committedSteps, finding) };
    }
    const { job, stageStart } = this.#parts;
    const reaction = afterCollapse(job, state, finding.signal, { committedSteps, stageStart });
    if (reaction.kind !== 'warn') return { ...seen, collapsed: { finding, reaction } };
    if (!verdict.isNews) return seen;
    return { ...seen, notice: notice('training has collapsed', committedSteps, finding) };
  }

  /** Remembers what it has seen, and warns where there is reason to. */
  take({ state, notice: text }: Look): void {
    this.#state = state;
    if (text !== null) this.#parts.notice(text);
  }

  /**
   * What must follow from a step that could not be committed. Null where it is no collapse, or one that
   * nothing announced: the training ends then as it does without a guard.
   */
  afterFailure(error: unknown, committedSteps: number): Collapsed['reaction'] | null {
    if (this.#state === null || !collapseCodes.has(codeOf(error))) return null;
    const { job, stageStart } = this.#parts;
    const at = { committedSteps, stageStart };
    const reaction = afterCollapse(job, this.#state, 'failed-step', at);
    if (reaction.kind === 'stop') return hasWarned(this.#state.raised) ? reaction : null;
    return reaction.kind === 'roll-back' ? reaction : null;
  }

  #context(): GuardContext {
    const { job, trainedLength } = this.#parts;
    const { objective, optimizer } = job.spec;
    return {
      masksByCosine: objective.falseNegatives === 'cosine',
      // AdamW divides by the root of the second moment and eps: elements below eps no longer move a weight
      // by the learning rate.
      vanishingNorm: optimizer.eps * Math.sqrt(trainedLength),
    };
  }
}

const notice = (what: string, committedSteps: number, { reason, remedy }: Finding): string =>
  `${what} after ${committedSteps} steps: ${reason} (${remedy})`;

export function committedStep(report: StepReport, negatives: number): CommittedStep {
  const { step, loss, itemCosine, gradientNorm, measures } = report;
  return { report: { step, loss, itemCosine, gradientNorm, measures }, negatives };
}

/** Of an objective without predictions, nothing is known of negatives. */
function readingsOf(report: CommittedStep['report'], negatives: number): Readings {
  const { step, loss, itemCosine, gradientNorm, measures } = report;
  const { live_negatives: liveNegatives, logit_scale: logitScale } = measures;
  return {
    committedSteps: step + 1,
    loss,
    negatives: liveNegatives === undefined ? 0 : negatives,
    liveNegatives: liveNegatives ?? 0,
    itemCosine,
    gradientNorm,
    logitScale: logitScale ?? null,
  };
}
