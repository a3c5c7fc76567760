/** A stop that comes while members evaluate, with real links, on a tiny model. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { FromTraining } from '../../worker/training/messages.js';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { type MembersOptions, only, trainMembers } from './train-members.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-stop-'));
const datasetDirectory = join(folder, 'data', 'out');
before(() => smallDataset(datasetDirectory));
after(() => rmSync(folder, { recursive: true, force: true }));

const steps = 4;
const decoder = { hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 12 };

const jobOf = (changes: object = {}): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'stopped' },
    spec: {
      data: { path: datasetDirectory },
      model: { item: decoder, user: decoder, maxTextLength: 4 },
      objective: { negatives: { all: true } },
      batch: { sequences: 2 },
      duration: { steps },
      lanes: 2,
      engine: { name: 'cpu' },
      ...changes,
    },
  });

const train = (name: string, options: Partial<MembersOptions> = {}): Promise<FromTraining[][]> =>
  trainMembers({
    job: jobOf(),
    datasetDirectory,
    checkpointDirectory: join(folder, name),
    members: 2,
    ...options,
  });

const kindsOf = (said: readonly FromTraining[]): string[] => said.map(({ kind }) => kind);

// Would catch a Ctrl-C that waits for the whole catalogue, and one that costs a checkpoint.
test('a stop during the last evaluation gives it up, with every step and its checkpoint', async () => {
  const said = await train('asked', {
    stopWhen: ({ kind }, member) => (kind === 'evaluating' && member === 0 ? [0, 1] : []),
  });
  for (const messages of said) {
    const { stopped, endedEarly, committedSteps } = only(messages, 'finished');
    assert.deepEqual([stopped, endedEarly, committedSteps], [true, false, steps]);
    assert.ok(!kindsOf(messages).includes('evaluated'));
  }
  const [first, second] = said.map((messages) => only(messages, 'finished'));
  assert.equal(first?.weightsSha256, second?.weightsSha256);
  assert.ok(existsSync(first?.checkpoint as string));

  // What was given up is made up for: the run goes on where it was, and only evaluates.
  const again = await train('asked', { resumeFrom: first?.checkpoint as string });
  for (const messages of again) {
    assert.equal(only(messages, 'finished').stopped, false);
    assert.equal(only(messages, 'finished').weightsSha256, first?.weightsSha256);
    assert.ok(!kindsOf(messages).includes('committed'));
  }
});

// Would catch a member that waits for ever for the share of one that has given up, and one that
// breaks off because the other has.
test('a member that hears of the stop later waits until it does', async () => {
  const said = await train('late', {
    stopWhen: ({ kind }, member) => {
      if (member === 0 && kind === 'evaluating') return [0];
      return member === 0 && kind === 'finished' ? [1] : [];
    },
  });
  for (const messages of said) assert.equal(only(messages, 'finished').stopped, true);
});

// Would catch members that give up an evaluation in the middle of training without the others, and
// then disagree about the best checkpoint.
test('an evaluation during training is made to its end, and the stop follows the next step', async () => {
  const job = jobOf({
    evaluation: { everySteps: 2, cutoffs: [1, 3] },
    checkpoint: { everySteps: 2, keep: 1, best: 'mrr' },
  });
  const said = await train('validating', {
    job,
    stopWhen: ({ kind }, member) => (kind === 'evaluating' && member === 1 ? [1] : []),
  });
  for (const messages of said) {
    const { stopped, committedSteps, best } = only(messages, 'finished');
    assert.deepEqual([stopped, committedSteps, best?.committedSteps], [true, 3, 2]);
    assert.equal(only(messages, 'validated').committedSteps, 2);
  }
});
