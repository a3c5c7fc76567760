/** The real coordinator process, with plans that need no dataset. Its weights are a hash chain. */
import { runCoordinator } from '../../../coordinator/run-coordinator.js';
import { lane, type Step } from '../../../shared/ids.js';
import { encodeStepPlan } from '../../../shared/messages/step-plan-message.js';
import type { LanePlan } from '../../../shared/plan/lane-plan.js';
import { fakeLanes, fakeUsers } from './fake-job.js';

/** Big enough for several parts each, so that splitting is exercised end to end. */
const negatives = 300_000;

function planOf(step: Step, index: number): LanePlan {
  return {
    step,
    lane: lane(index),
    lanes: fakeLanes,
    items: Int32Array.of(step, index),
    itemLaneOffsets: Int32Array.from({ length: fakeLanes + 1 }, (_, at) => 2 * at),
    negatives: new Int32Array(negatives).fill(step % (2 * fakeLanes)),
    users: fakeUsers(index),
    sequenceOffsets: Int32Array.of(0, 2),
    sequenceRows: Int32Array.of(0, 1),
    lossScale: 0.5,
    targets: null,
  };
}

await runCoordinator(process.argv.slice(2), async (job) => ({
  datasetDigest: 'fake',
  totalSteps: 'steps' in job.spec.duration ? (job.spec.duration.steps ?? 0) : 0,
  plans: {
    plan: async (step) => {
      const parts = Array.from({ length: fakeLanes }, (_, index) => planOf(step, index));
      const users = { epoch: 0, lanes: parts.map((part) => part.users) };
      return { ...encodeStepPlan(parts[0] as LanePlan, parts), users };
    },
    close: async () => undefined,
  },
}));
