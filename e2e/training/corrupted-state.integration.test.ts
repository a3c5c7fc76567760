/** Memory that changes a bit without an error, in one of three members that train over real sockets. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { step } from '../../shared/ids.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import { StateDiffersError } from '../../shared/ledger/judge-hashes.js';
import { accountOf } from '../../shared/ledger/lanes-account.js';
import { type Recording, recordStep } from '../../shared/ledger/record-step.js';
import { JobPlanner } from '../../shared/plan/job-planner.js';
import { laneParts } from '../../shared/plan/plan.js';
import type { FromTraining, SharedState } from '../../worker/training/messages.js';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { smallJob } from '../run/small-run/small-job.js';
import { trainMembers } from './train-members.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-corrupted-'));
const datasetDirectory = join(folder, 'data');
after(() => rmSync(folder, { recursive: true, force: true }));
before(() => smallDataset(datasetDirectory));

const members = 3;
const steps = 4;
const job = () => resolveJob(smallJob(datasetDirectory, { lanes: members, duration: { steps } }));

/** What a coordinator would say of each step. */
async function recordings(said: readonly FromTraining[][]): Promise<Recording[]> {
  const planner = new JobPlanner(job(), trainingView(await openDataset(datasetDirectory)));
  return Array.from({ length: steps }, (_, at) => {
    const plan = planner.plan(step(at));
    const reports = said.flatMap((messages, index) =>
      messages.flatMap((message) =>
        message.kind === 'committed' && message.report.step === at
          ? [
              {
                worker: `worker-${index}`,
                lanes: accountOf(message.report.lanes, { start: index, end: index + 1 }),
                report: message.report,
              },
            ]
          : [],
      ),
    );
    return recordStep({
      step: at,
      plan: { epoch: plan.epoch, lanes: laneParts(plan).map(({ users }) => users) },
      planSha256: 'a'.repeat(64),
      generation: {
        ...{ generation: 1, fence: 1 },
        members: said.map((_, index) => ({ worker: `worker-${index}`, lanes: 1 })),
      },
      reports,
      time: '2026-01-02T03:04:05.678Z',
    });
  });
}

// Would catch corruption that trains on without a word: every member applies the same gradient, so all
// numbers of the steps stay equal, and only the weights of one machine are wrong.
test('the next step names the member whose state has a bit that nobody wrote', async () => {
  let sections: SharedState['sections'] | null = null;
  const said = await trainMembers({
    job: job(),
    datasetDirectory,
    checkpointDirectory: join(folder, 'checkpoints'),
    members,
    stopWhen: (message, member) => {
      if (member !== 1) return [];
      // Where a joiner would read them: the memory that training goes on with.
      if (message.kind === 'holds') sections ??= message.sections;
      if (message.kind === 'committed' && message.report.step === 1) flip(sections);
      return [];
    },
  });
  const kinds = await recordings(said);
  assert.deepEqual(
    kinds.map(({ kind }) => kind),
    ['record', 'record', 'difference', 'difference'],
  );
  const losses = said.map((messages) =>
    messages.flatMap((message) => (message.kind === 'committed' ? [message.report.loss] : [])),
  );
  assert.deepEqual(losses[1]?.slice(0, 3), losses[0]?.slice(0, 3));
  const third = kinds[2];
  assert.ok(third?.kind === 'difference' && third.error instanceof StateDiffersError);
  assert.deepEqual(third.error.workers, ['worker-1']);
});

function flip(sections: SharedState['sections'] | null): void {
  assert.ok(sections !== null);
  const { buffer, byteOffset, length } = sections.secondMoments;
  const words = new Uint32Array(buffer, byteOffset, length);
  words[3] = (words[3] as number) ^ 0x1000;
}
