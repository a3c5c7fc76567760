/** Validation while training goes on, with real checkpoints, members and links, on a tiny model. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { writeInput } from '../../dataset/import/import-fixture.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { FromTraining } from '../../worker/training/messages.js';
import { type MembersOptions, only, trainMembers } from './train-members.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-validation-'));
const datasetDirectory = join(folder, 'out');
after(() => rmSync(folder, { recursive: true, force: true }));

const names = ['ash', 'elm', 'fir', 'oak', 'yew', 'box', 'bay', 'fig', 'nut', 'sea', 'ivy', 'hop'];

before(async () => {
  const items = names.map((name, item) => `${item},${name}`).join('\n');
  const rows: string[] = [];
  for (let user = 0; user < 40; user++) {
    const length = 4 + (user % 4);
    for (let at = 0; at < length; at++) {
      rows.push(`${(user * 5 + at * (1 + (user % 3))) % names.length},u${user},${at}`);
    }
  }
  await importDataset(
    writeInput(
      folder,
      `item_id,title\n${items}\n`,
      `item_id,user_id,timestamp\n${rows.join('\n')}\n`,
    ),
  );
});

const decoder = { hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 12 };

const jobOf = (changes: object = {}): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'validated' },
    spec: {
      data: { path: datasetDirectory },
      model: { item: decoder, user: decoder, maxTextLength: 4, initializerRange: 0.2 },
      objective: { negatives: { all: true } },
      optimizer: { learningRate: 0.05, schedule: { kind: 'constant' } },
      batch: { sequences: 8 },
      duration: { steps: 12 },
      lanes: 4,
      engine: { name: 'cpu' },
      ...changes,
    },
  });

const validated = {
  evaluation: { everySteps: 2, cutoffs: [1, 3] },
  checkpoint: { everySteps: 3, keep: 1, best: 'ndcg@3' },
};

const train = (name: string, options: Partial<MembersOptions> = {}): Promise<FromTraining[][]> =>
  trainMembers({
    job: jobOf(validated),
    datasetDirectory,
    checkpointDirectory: join(folder, name),
    members: 1,
    ...options,
  });

const checkpointsOf = (name: string): string[] =>
  readdirSync(join(folder, name)).filter((entry) => entry.startsWith('step-'));

// What a run says that must not depend on how it came about.
function outcome(said: readonly FromTraining[]) {
  const { weightsSha256, committedSteps, endedEarly, best } = only(said, 'finished');
  const { results } = only(said, 'evaluated');
  return { weightsSha256, committedSteps, endedEarly, results, best: best?.committedSteps };
}

// Would catch an evaluation that moves a weight, a seed or the order of anything.
test('the weights are the same with and without validation, on one member and on two', async () => {
  const [plain] = await train('plain', { job: jobOf() });
  const [alone] = await train('alone');
  const both = await train('both', { members: 2 });
  const weights = (said: readonly FromTraining[] | undefined) =>
    only(said ?? [], 'finished').weightsSha256;
  assert.equal(weights(alone), weights(plain));
  for (const said of both) assert.deepEqual(outcome(said), outcome(alone ?? []));
  assert.deepEqual(
    both[1]?.filter(({ kind }) => kind === 'validated'),
    alone?.filter(({ kind }) => kind === 'validated'),
  );
});

// Would catch a best checkpoint that is pruned, a table that shows the newest weights twice, and
// weights that another member than the first never gets.
test('the best checkpoint stays and is measured at the end, on every member', async () => {
  const said = await train('best', { members: 2, ownFolders: true });
  for (const messages of said) {
    const { best, checkpoint } = only(messages, 'finished');
    const values = messages.flatMap((message) =>
      message.kind === 'validated'
        ? [message.results.find(({ model }) => model === 'hllm')?.values['ndcg@3'] as number]
        : [],
    );
    assert.equal(values.length, 6);
    assert.equal(best?.value, Math.max(...values));
    assert.equal(best?.committedSteps, 2 * (values.indexOf(best?.value as number) + 1));
    assert.ok((best?.committedSteps as number) < 12, 'the newest is not the best here');
    const { results } = only(messages, 'evaluated');
    const of = (model: string, split: string) =>
      results.find((row) => row.model === model && row.split === split)?.values['ndcg@3'];
    assert.equal(of('best', 'validation'), best?.value);
    assert.equal(of('hllm', 'validation'), values.at(-1));
    assert.notEqual(of('best', 'test'), undefined);
    if (messages === said[0]) assert.match(checkpoint as string, /step-00000012$/);
  }
  assert.ok(existsSync(only(said[0] ?? [], 'finished').best?.checkpoint as string));
  assert.equal(checkpointsOf('best').length, 2);
});

// Would catch a best value or a patience that begins anew with a resume, and a stop that skips an
// evaluation which the run that never stopped has made.
test('a run that was stopped and resumed chooses the same checkpoint', async () => {
  const [straight] = await train('straight');
  for (const stopAfter of [4, 5, 9]) {
    const name = `resumed-${stopAfter}`;
    const [first] = await train(name, { stopAfter });
    const { stopped, checkpoint } = only(first ?? [], 'finished');
    assert.ok(stopped);
    const rest = await train(name, { resumeFrom: checkpoint, members: 2 });
    assert.deepEqual(outcome(rest[1] ?? []), outcome(straight ?? []));
  }
});

// Would catch an end that is a failure or a stop, that waits for the last step, or that a resume
// takes for a pause.
test('a job whose patience is over ends, and stays ended when it is resumed', async () => {
  const job = jobOf({
    ...validated,
    evaluation: { ...validated.evaluation, patience: 2 },
    // So high a rate makes a good start and nothing after it.
    optimizer: { learningRate: 1, schedule: { kind: 'constant' } },
    duration: { steps: 40 },
  });
  const [said] = await train('patience', { job });
  const { committedSteps, stopped, endedEarly, best, checkpoint } = only(said ?? [], 'finished');
  assert.deepEqual([stopped, endedEarly], [false, true]);
  assert.equal(committedSteps, (best?.committedSteps as number) + 4);
  assert.ok(committedSteps < 40);
  const both = await train('patience', { job, resumeFrom: checkpoint, members: 2 });
  for (const again of both) assert.deepEqual(outcome(again), outcome(said ?? []));
});
