/** Objectives that tell wanted items from unwanted ones, as users train them. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { type CommandEnd, startCommand } from './command.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const root = mkdtempSync(join(tmpdir(), 'lockstep-fusion-'));
after(() => rmSync(root, { recursive: true, force: true }));

const names = ['ash', 'elm', 'fir', 'oak', 'yew', 'box', 'bay', 'fig', 'nut', 'ivy'];
const labels = ['--label', 'stars', '--label-at-least', '4'];

const lockstep = (...words: string[]): Promise<CommandEnd> =>
  startCommand(program, [...words, '--json']).end;

const importAs = (name: string, ...words: string[]): Promise<CommandEnd> =>
  lockstep(
    ...['data', 'import', '--output', join(root, name)],
    ...['--items', join(root, 'items.csv'), '--interactions', join(root, 'stars.csv')],
    ...words,
  );

before(async () => {
  writeFileSync(
    join(root, 'items.csv'),
    `item_id,title\n${names.map((name) => `${name},a ${name}`).join('\n')}\n`,
  );
  const rows: string[] = [];
  for (let user = 0; user < 12; user++) {
    for (let at = 0; at < 6 + (user % 3); at++) {
      const item = (3 * user + at * (1 + (user % 4))) % names.length;
      // Everybody likes the first half of the trees; one rating in eleven is missing.
      const stars = rows.length % 11 === 0 ? '' : item < names.length / 2 ? 5 : 2;
      rows.push(`u${user},${names[item]},${at},${stars}`);
    }
  }
  writeFileSync(join(root, 'stars.csv'), `user_id,item_id,timestamp,stars\n${rows.join('\n')}\n`);
  const { code, errors, last } = await importAs('labelled', ...labels);
  assert.equal(code, exitCodes.success, errors);
  assert.equal((last.labels as { column: string }).column, 'stars');
});

const tower = { hiddenSize: 8, layers: 1, heads: 2, intermediateSize: 12 };

/** Long enough to be stopped on its way. */
const steps = 30;

function writeJob(name: string, dataset: string, objective: object): string {
  mkdirSync(join(root, name), { recursive: true });
  const file = join(root, name, 'job.json');
  const spec = {
    data: { path: join(root, dataset), sequences: { maxLength: 4 } },
    model: { item: tower, user: tower, maxTextLength: 4, initializerRange: 0.3 },
    objective,
    optimizer: { learningRate: 0.05 },
    batch: { sequences: 8 },
    duration: { steps },
    lanes: 3,
    engine: { name: 'cpu' },
    evaluation: { cutoffs: [1, 3], everySteps: 10 },
    checkpoint: { best: 'logloss' },
  };
  const job = {
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name },
    spec,
  };
  writeFileSync(file, JSON.stringify(job));
  return file;
}

const fromData = { kind: 'data', perUser: 3 };
const sampled = { kind: 'sampled', perUser: 2, negatives: 2 };

const kinds = [
  ['early-fusion', { kind: 'early-fusion', negatives: { total: 6 }, targets: fromData }],
  ['late-fusion', { kind: 'late-fusion', generativeWeight: 0, targets: sampled }],
] as const;

type Values = Readonly<Record<string, number>>;
interface Metrics {
  readonly test: Values;
  readonly base_rate: { readonly test: Values };
}

for (const [kind, objective] of kinds) {
  // Would catch targets that depend on who trains, a head that a checkpoint forgets, and logits that are
  // scored otherwise by two members than by one.
  test(`${kind} has the same weights and metrics on one worker, and on two and then three`, async () => {
    const job = writeJob(kind, 'labelled', objective);
    const train = (output: string, workers: number, ...more: string[]) => [
      ...['train', job, '--json', '--output', join(root, `${kind}-${output}`)],
      ...['--workers', String(workers), ...more],
    ];
    const alone = await startCommand(program, train('alone', 1)).end;
    assert.equal(alone.code, exitCodes.success, alone.errors);

    const two = startCommand(program, train('together', 2));
    await two.committed(2);
    two.process.kill('SIGINT');
    const stopped = await two.end;
    assert.equal(stopped.code, exitCodes.stopped, stopped.errors);
    assert.ok((stopped.last.committed_steps as number) < steps);
    const resumed = await startCommand(program, train('together', 3, '--resume')).end;
    assert.equal(resumed.code, exitCodes.success, resumed.errors);

    for (const name of ['weights_sha256', 'metrics', 'evaluation'] as const) {
      assert.deepEqual(resumed.last[name], alone.last[name], name);
    }
    const { test: values, base_rate } = alone.last.metrics as Metrics;
    // It tells trees apart that everybody likes or nobody does.
    assert.ok((values.logloss as number) < (base_rate.test.logloss as number));
    assert.ok((values.auc as number) > 0.5, JSON.stringify(alone.last));
    assert.equal(values.mrr === undefined, kind === 'late-fusion');
    assert.equal(values.gauc === undefined, kind === 'early-fusion');
  });
}

// Would catch a checkpoint whose dataset is another one to those who open it without its labels.
test('what labels have trained is evaluated by itself, and asked for recommendations', async () => {
  const run = join(root, 'early-fusion-alone');
  const { metrics } = JSON.parse(readFileSync(join(run, 'result.json'), 'utf8'));
  const evaluated = await lockstep('eval', run);
  assert.deepEqual(evaluated.last.metrics, metrics, evaluated.errors);
  const { code, errors } = await lockstep('recommend', run, '--user', 'u1');
  assert.equal(code, exitCodes.success, errors);
});

// Would catch a run folder, and processes, of a job whose labels are nowhere.
test('labels that are not there are missed before anything starts', async () => {
  assert.equal((await importAs('plain')).code, exitCodes.success);
  const job = writeJob('unlabelled', 'plain', kinds[0][1]);
  const output = join(root, 'nothing');
  const { code, last } = await lockstep('train', job, '--output', output);
  assert.deepEqual([code, last.code], [exitCodes.usage, 'NO_LABELS']);
  assert.match(
    String(last.message),
    /objective\.targets\.kind data on the dataset .*plain: it has no labels: .*--label/,
  );
  assert.throws(() => readFileSync(join(output, 'job.json')), /ENOENT/);
});
