/** Reads the plans of the owned lanes from the stream, and lets nothing malformed through. */
import type { BusStream, Subscription } from '../../shared/bus.js';
import type { Lane } from '../../shared/ids.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import { decodeLanePlan } from '../../shared/messages/lane-plan-message.js';
import { PartJoiner } from '../../shared/messages/parts.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { lanePlansSubject, planSubject } from '../../shared/subjects.js';

export interface PlanReaderParts {
  readonly stream: BusStream;
  readonly run: RunAddress;
  /** Of the owned lanes; none where there are more members than lanes. */
  readonly lanes: readonly Lane[];
  /** V, the job's. */
  readonly laneCount: number;
  readonly onPlan: (plan: LanePlan) => void;
  readonly onRefused: (error: MalformedMessageError, subject: string) => void;
}

export async function readPlans(parts: PlanReaderParts): Promise<Subscription> {
  const { stream, run, lanes } = parts;
  if (lanes.length === 0) return { close: () => undefined };
  const joiner = new PartJoiner();
  return stream.read(
    lanes.map((lane) => lanePlansSubject(run, lane)),
    (data, subject) => {
      try {
        const message = joiner.add(subject, data);
        if (message !== null) parts.onPlan(checkedPlan(parts, subject, message));
      } catch (error) {
        if (!(error instanceof MalformedMessageError)) throw error;
        parts.onRefused(error, subject);
      }
    },
  );
}

/** A plan that says another step or lane than its subject would be trained in the wrong place. */
function checkedPlan(parts: PlanReaderParts, subject: string, message: Uint8Array): LanePlan {
  const plan = decodeLanePlan(message);
  if (planSubject(parts.run, plan.step, plan.lane) !== subject || plan.lanes !== parts.laneCount) {
    throw new MalformedMessageError(
      'subject',
      `the plan of step ${plan.step}, lane ${plan.lane} of ${plan.lanes} came on "${subject}"`,
    );
  }
  return plan;
}
