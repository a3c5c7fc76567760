/** Stages of one job, with real checkpoints, members and links, on a tiny model. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { importDataset } from '../../dataset/import/import-dataset.js';
import { writeInput } from '../../dataset/import/import-fixture.js';
import { resolveJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { decodeSafetensors } from '../../shared/safetensors.js';
import type { FromTraining } from '../../worker/training/messages.js';
import { type MembersOptions, only, trainMembers } from './train-members.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-stages-'));
const datasetDirectory = join(folder, 'out');
after(() => rmSync(folder, { recursive: true, force: true }));

const names = ['ash', 'elm', 'fir', 'oak', 'yew', 'box', 'bay', 'fig', 'nut', 'sea', 'ivy', 'hop'];

before(async () => {
  const items = names.map((name, item) => `${item},${name}`).join('\n');
  const rows: string[] = [];
  for (let user = 0; user < 24; user++) {
    for (let at = 0; at < 5 + (user % 4); at++) {
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

const short = {
  name: 'short',
  duration: { steps: 4 },
  data: { sequences: { maxLength: 2 } },
};
const long = {
  name: 'long',
  duration: { steps: 5 },
  batch: { sequences: 4 },
  optimizer: { learningRate: 0.02, schedule: { kind: 'linear', warmupSteps: 1 } },
  train: { item: { kind: 'nothing' } },
};

const jobOf = (stages: readonly object[] = [short, long]): TrainingJob =>
  resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'staged' },
    spec: {
      data: { path: datasetDirectory },
      model: { item: decoder, user: decoder, maxTextLength: 4, initializerRange: 0.2 },
      objective: { negatives: { total: 6 } },
      optimizer: { learningRate: 0.05, schedule: { kind: 'constant' } },
      batch: { sequences: 8 },
      lanes: 4,
      engine: { name: 'cpu' },
      evaluation: { cutoffs: [1, 3] },
      checkpoint: { everySteps: 3, keep: 9 },
      stages,
    },
  });

const train = (name: string, options: Partial<MembersOptions> = {}): Promise<FromTraining[][]> =>
  trainMembers({
    job: jobOf(),
    datasetDirectory,
    checkpointDirectory: join(folder, name),
    members: 1,
    ...options,
  });

const weightsOf = (said: readonly FromTraining[] | undefined): string =>
  only(said ?? [], 'finished').weightsSha256;

const checkpoint = (name: string, step: number): string =>
  join(folder, name, `step-${String(step).padStart(8, '0')}`);

let whole: FromTraining[] = [];

// Would catch a stage that goes on with the schedule, the moments or the batches of the one before.
test('a stage begins anew at its border, under the steps of the job', async () => {
  [whole = []] = await train('whole');
  const reports = whole.flatMap((said) => (said.kind === 'committed' ? [said.report] : []));
  assert.deepEqual(
    reports.map(({ step }) => step),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.deepEqual(
    reports.map(({ stage }) => stage),
    [...new Array<string>(4).fill('short'), ...new Array<string>(5).fill('long')],
  );
  const rates = reports.map(({ learningRate }) => learningRate);
  assert.deepEqual(rates.slice(0, 4), [0.05, 0.05, 0.05, 0.05]);
  assert.deepEqual(rates.slice(4), [0, 0.02, 0.015, 0.01, 0.005]);
  assert.deepEqual(
    reports.map(({ sequences }) => sequences),
    [8, 8, 8, 8, 4, 4, 4, 4, 4],
  );
  // At the border too, where none is due.
  assert.deepEqual(
    readdirSync(join(folder, 'whole')).filter((name) => name.startsWith('step')),
    ['step-00000003', 'step-00000004', 'step-00000006', 'step-00000009'],
  );
});

// Would catch a sum, a seed or a border that depends on the cluster.
test('two and three members train the weights of one', async () => {
  for (const members of [2, 3]) {
    for (const said of await train(`of-${members}`, { members })) {
      assert.equal(weightsOf(said), weightsOf(whole));
    }
  }
});

// Would catch moments that a resumed stage begins anew, and those of another stage that it goes on with.
test('a run that goes on from a border, or from the middle of a stage, ends with the same weights', async () => {
  for (const step of [3, 4, 6]) {
    const [said] = await train(`from-${step}`, { resumeFrom: checkpoint('whole', step) });
    assert.equal(only(said ?? [], 'entered').position.committedSteps, step);
    assert.equal(weightsOf(said), weightsOf(whole));
  }
});

// Would catch a stop whose checkpoint is of a stage that is over.
test('a run that is stopped at a border goes on in the next stage', async () => {
  const [stopped] = await train('stopped', { stopAfter: 4 });
  const { stopped: isStopped, committedSteps } = only(stopped ?? [], 'finished');
  assert.deepEqual([isStopped, committedSteps], [true, 4]);
  assert.ok(existsSync(checkpoint('stopped', 4)));
  const [said] = await train('stopped', { resumeFrom: checkpoint('stopped', 4) });
  assert.equal(weightsOf(said), weightsOf(whole));
});

// Would catch a first stage that trains otherwise because another one follows.
test('the first stage is the job of that stage', async () => {
  const { name: _, ...alone } = short;
  const { spec, ...rest } = jobOf([short]);
  const { stages: __, ...plain } = spec;
  const job = resolveJob({
    ...rest,
    spec: { ...plain, ...alone, data: { ...plain.data, ...alone.data } },
  });
  const [said] = await train('alone', { job });
  const [staged] = await train('one-stage', { job: jobOf([short]) });
  assert.equal(weightsOf(said), weightsOf(staged));
});

// Would catch embeddings of frozen items that depend on where they come from, and metrics of an
// evaluation alone that are not those of the training.
test('frozen items are read from the blocks of a cache where they are', async () => {
  const cacheDirectory = join(folder, 'cache');
  for (const said of await train('filled', { members: 2, cacheDirectory })) {
    assert.equal(weightsOf(said), weightsOf(whole));
  }
  const [name] = readdirSync(cacheDirectory) as [string];
  const block = join(cacheDirectory, name, 'block-00000000');
  const written = statSync(block).mtimeMs;
  const [again] = await train('read', { cacheDirectory, resumeFrom: checkpoint('filled', 6) });
  assert.equal(weightsOf(again), weightsOf(whole));
  assert.equal(statSync(block).mtimeMs, written);
  const [evaluated] = await train('evaluated', { resumeFrom: checkpoint('whole', 9) });
  assert.deepEqual(only(evaluated ?? [], 'evaluated').results, only(whole, 'evaluated').results);
});

/** The late fusion of the paper's third stage: its head alone trains. */
const fusion = {
  name: 'fusion',
  duration: { steps: 3 },
  train: { item: { kind: 'nothing' }, user: { kind: 'nothing' } },
  objective: {
    kind: 'late-fusion',
    generativeWeight: 0,
    targets: { kind: 'sampled', perUser: 2, negatives: 1 },
  },
};

const tensorsOf = (name: string, step: number) =>
  decodeSafetensors(readFileSync(join(checkpoint(name, step), 'model.safetensors')));

type Tensors = ReturnType<typeof tensorsOf>;
type Tensors3 = [Tensors, Tensors, Tensors];

// Would catch a head that is made anew at the border or trains before it, and a frozen model that moves.
test('the head of a later stage is there from the start, and alone trains in it', async () => {
  const job = jobOf([short, long, fusion]);
  const [said] = await train('three', { job });
  const [end] = await train('three-of-two', {
    job,
    members: 2,
    resumeFrom: checkpoint('three', 9),
  });
  assert.equal(weightsOf(end), weightsOf(said));
  const [begun, second, third] = [4, 9, 12].map((step) => tensorsOf('three', step)) as Tensors3;
  const moved = (from: Tensors, to: Tensors): string[] =>
    [...to.keys()].filter((name) => !isDeepStrictEqual(to.get(name), from.get(name)));
  const ofSecond = moved(begun, second);
  assert.ok(ofSecond.every((name) => name.startsWith('user_llm.') || name === 'logit_scale'));
  const ofThird = moved(second, third);
  assert.ok(ofThird.includes('head_out.weight') && ofThird.includes('user_emb_token'));
  assert.ok(ofThird.every((name) => !/^(item|user)_llm\.|^item_emb_tokens/.test(name)));
});

// Would catch adapters that are lost at a border, or that stay beside a matrix which has them already.
test('adapters of a stage are part of the matrices of the next one', async () => {
  const lora = { kind: 'lora', rank: 2, alpha: 4, targets: ['q', 'up'] };
  const adapted = { ...short, train: { item: lora } };
  const job = jobOf([adapted, long]);
  const [said] = await train('lora', { job });
  for (const step of [3, 4]) {
    const resumeFrom = checkpoint('lora', step);
    const ends = await train(`lora-${step}`, { job, members: 2, resumeFrom });
    for (const end of ends) assert.equal(weightsOf(end), weightsOf(said));
  }
  const [within, merged] = [tensorsOf('lora', 3), tensorsOf('lora', 4)];
  const q = 'item_llm.model.layers.0.self_attn.q_proj';
  assert.ok(within.has(`${q}.lora_A.weight`) && !merged.has(`${q}.lora_A.weight`));
  assert.ok(!isDeepStrictEqual(merged.get(`${q}.weight`), within.get(`${q}.weight`)));
  const k = 'item_llm.model.layers.0.self_attn.k_proj.weight';
  assert.deepEqual(merged.get(k), within.get(k));
});
