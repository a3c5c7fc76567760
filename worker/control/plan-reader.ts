/** Reads the plans of the owned lanes from the stream, and lets nothing malformed through. */
import type { BusStream, Reader } from '../../shared/bus.js';
import { type Lane, type Step, step as stepOf } from '../../shared/ids.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import { decodeLanePart } from '../../shared/messages/lane-plan-message.js';
import { conflictReason, type JoinedMessage, PartJoiner } from '../../shared/messages/parts.js';
import { decodeSharedPlan } from '../../shared/messages/shared-plan-message.js';
import { PlanMismatchError } from '../../shared/messages/step-plan-message.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { type PlanPart, planPartsSubject, planSubject } from '../../shared/subjects.js';
import { PlanCollector } from './plan-collector.js';

export interface PlanReaderParts {
  readonly run: RunAddress;
  /** The owned lanes. */
  readonly lanes: readonly Lane[];
  /** V, the job's. */
  readonly laneCount: number;
  readonly onPlan: (plan: LanePlan) => void;
  readonly onRefused: (error: MalformedMessageError, subject: string) => void;
  /** Parts of a plan disagree: the step can never be trained. */
  readonly onMismatch: (error: PlanMismatchError) => void;
}

export class PlanReader {
  readonly #parts: PlanReaderParts;
  readonly #joiner = new PartJoiner();
  readonly #collector = new PlanCollector();
  #subscription: Reader | null = null;
  #committedSteps = 0;

  constructor(parts: PlanReaderParts) {
    this.#parts = parts;
  }

  /**
   * Reads the plans of the step behind the committed ones, and all later ones: a step is published when
   * the one before it is stored. What it returns tells when the stream is gone.
   */
  async begin(stream: BusStream): Promise<Reader> {
    const { run, lanes } = this.#parts;
    const wanted: readonly PlanPart[] = ['shared', ...lanes];
    const subscription = await stream.read(
      wanted.map((part) => planPartsSubject(run, part)),
      (data, subject) => this.#receive(data, subject),
      ...this.#behind(),
    );
    this.#subscription = subscription;
    return subscription;
  }

  /** Plans of a thousand steps may lie before it, where no checkpoint covers them. */
  #behind(): [string] | [] {
    const before = this.#committedSteps - 1;
    return before < 0 ? [] : [planSubject(this.#parts.run, stepOf(before), 'shared')];
  }

  /** SHA-256 of a step's whole plan, in hexadecimal; null where it is not known, or over. */
  digestOf(step: Step): string | null {
    return this.#collector.digestOf(step);
  }

  committed(steps: number): void {
    this.#committedSteps = steps;
    this.#collector.committed(steps);
    this.#joiner.forget((subject) => Number(subject.split('.').at(-2)) < steps);
  }

  close(): void {
    this.#subscription?.close();
  }

  #receive(data: Uint8Array, subject: string): void {
    try {
      const message = this.#joiner.add(subject, data);
      if (message === null) return;
      for (const plan of this.#collect(message, subject)) this.#parts.onPlan(plan);
    } catch (error) {
      if (error instanceof MalformedMessageError) this.#refuse(error, subject);
      else if (error instanceof PlanMismatchError) this.#parts.onMismatch(error);
      else throw error;
    }
  }

  /** What makes no sense alone is passed over; what keeps a plan from ever being whole is not. */
  #refuse(error: MalformedMessageError, subject: string): void {
    this.#parts.onRefused(error, subject);
    if (error.reason !== conflictReason) return;
    const detail = `Cannot go on: two senders publish on "${subject}": ${error.message}`;
    this.#parts.onMismatch(new PlanMismatchError(detail, { cause: error }));
  }

  #collect({ bytes, sha256 }: JoinedMessage, subject: string): LanePlan[] {
    if (subject.endsWith('.shared')) {
      const plan = decodeSharedPlan(bytes);
      this.#checkPlace(plan, 'shared', subject);
      return this.#collector.addShared(plan, sha256);
    }
    const part = decodeLanePart(bytes);
    this.#checkPlace(part, part.lane, subject);
    return this.#collector.addLane(part, sha256);
  }

  /** A plan that says another step or lane than its subject would be trained in the wrong place. */
  #checkPlace(plan: { step: Step; lanes: number }, part: PlanPart, subject: string): void {
    const { run, laneCount } = this.#parts;
    if (planSubject(run, plan.step, part) === subject && plan.lanes === laneCount) return;
    throw new MalformedMessageError(
      'subject',
      `the plan of step ${plan.step}, part ${part} of ${plan.lanes} lanes came on "${subject}"`,
    );
  }
}
