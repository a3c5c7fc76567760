/** Trainings in which something is frozen, with real checkpoints, members and links, on a tiny model. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openDataset } from '../../dataset/dataset.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { projectRoot } from '../../shared/project-root.js';
import { decodeSafetensors } from '../../shared/safetensors.js';
import { Hllm } from '../../worker/model/hllm.js';
import { initialWeights } from '../../worker/model/parameters/initial-weights.js';
import { modelConfig, whatTrains } from '../../worker/training/from-job.js';
import { startCommand } from '../run/command.js';
import { Trees, treeDecoder, weightsOf } from './trees.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const trees = new Trees();

const jobOf = (item: object, user: object, multipliers: object[] = []): TrainingJob =>
  trees.job('partly', {
    model: {
      item: { ...treeDecoder, train: item },
      user: { ...treeDecoder, train: user },
      maxTextLength: 4,
      initializerRange: 0.2,
    },
    objective: { negatives: { all: true } },
    optimizer: { learningRate: 0.05, schedule: { kind: 'constant' }, multipliers },
    engine: { name: 'cpu' },
  });

const lora = { kind: 'lora', rank: 2, alpha: 4, targets: ['q', 'v', 'down'] };
const [all, nothing, last] = [{ kind: 'all' }, { kind: 'nothing' }, { kind: 'last', layers: 1 }];
const slow = [{ match: 'user_llm.*', factor: 0.5 }];

const jobs: Readonly<Record<string, () => TrainingJob>> = {
  adapters: () => jobOf(lora, lora),
  'a frozen Item LLM': () => jobOf(nothing, all, slow),
  'a frozen User LLM': () => jobOf(all, nothing),
  'last layers': () => jobOf(last, last),
};

for (const [name, of] of Object.entries(jobs)) {
  // Would catch gradients that are added in an order of their own, a section that a member leaves out,
  // and moments that are lost or laid out otherwise in a checkpoint.
  test(`${name}: one, two and three members end alike, across a resume`, async () => {
    const job = of();
    const digest = weightsOf(await trees.train(`${name} 1`, job));
    await trees.train(`${name} 2`, job, { members: 2, stopAfter: 3 });
    const resumeFrom = trees.checkpoint(`${name} 2`, 3);
    const resumed = await trees.train(`${name} 2`, job, { members: 3, resumeFrom });
    assert.equal(weightsOf(resumed), digest);

    const { vocabularySize } = await openDataset(trees.datasetDirectory);
    const { layout } = new Hllm(modelConfig(job, vocabularySize), { trains: whatTrains(job) });
    const fresh = initialWeights(layout, { seed: 1, temperature: 0.07, deviation: 0.2 });
    const read = async (file: string) =>
      decodeSafetensors(await readFile(join(trees.checkpoint(`${name} 2`, 6), file)));
    const weights = await read('model.safetensors');
    const trained = layout.entries.filter((entry) => layout.isTrained(entry.name));
    assert.equal(weights.size, layout.entries.length);
    for (const { name } of layout.entries) {
      const values = [...(weights.get(name)?.data ?? [])];
      const same = values.every((value, index) => value === layout.view(fresh, name)[index]);
      assert.equal(same, !layout.isTrained(name), name);
    }
    const moments = await read('optimizer.safetensors');
    assert.deepEqual(
      [...moments.keys()],
      ['first_moment', 'second_moment'].flatMap((moment) =>
        trained.map((entry) => `${moment}.${entry.name}`),
      ),
    );
  });
}

/** Bytes that the first of two members sent, by phase. */
async function traffic(job: TrainingJob, name: string): Promise<Readonly<Record<string, number>>> {
  const sent: Readonly<Record<string, number>>[] = [];
  await trees.train(name, job, { members: 2, onTraffic: (stats) => sent.push(stats.sent) });
  return sent[0] as Readonly<Record<string, number>>;
}

// Would catch zeros that travel for what is frozen.
test('what is frozen sends no gradients', async () => {
  const gradients = (sent: Readonly<Record<string, number>>, tower: 'user' | 'item'): number =>
    (sent[`reduce-${tower}`] ?? 0) + (sent[`spread-${tower}`] ?? 0);
  const whole = await traffic(jobOf(all, all), 'whole');
  const frozen = await traffic(jobOf(nothing, all), 'frozen');
  assert.equal(gradients(frozen, 'item') + (frozen.scatter ?? 0), 0);
  assert.equal(gradients(frozen, 'user'), gradients(whole, 'user'));
  const adapted = await traffic(jobOf(lora, last), 'adapted');
  for (const tower of ['user', 'item'] as const) {
    assert.ok(gradients(adapted, tower) < 0.7 * gradients(whole, tower), tower);
  }
});

// Would catch a setting that is lost on its way to the processes of a run, and so trains everything.
test('a run of processes ends as its training in one process', async () => {
  const job = jobOf(lora, last, slow);
  const file = join(trees.folder, 'job.json');
  writeFileSync(file, JSON.stringify(job));
  const words = ['train', file, '--output', join(trees.folder, 'run'), '--workers', '2', '--json'];
  const { code, last: end, errors } = await startCommand(program, words).end;
  assert.equal(code, 0, errors);
  assert.equal(end.weights_sha256, weightsOf(await trees.train('one process', job)));
});

// Would catch a misspelt name that trains at the full rate without a word.
test('a multiplier of nothing that trains ends the job before its first step', async () => {
  const job = jobOf(nothing, all, [{ match: 'item_llm.*', factor: 2 }]);
  await assert.rejects(trees.train('unmatched', job), {
    code: 'JOB_SPEC_INVALID',
    message: /spec\.optimizer\.multipliers: must match .* "item_llm\.\*" matches none that trains/,
  });
});
