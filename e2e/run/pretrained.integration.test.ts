/** Training from pretrained weights, as users do it. The tests go on from each other's runs. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { type CommandEnd, startCommand } from './command.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const golden = (name: string): string =>
  fileURLToPath(new URL(`pretrained/golden/${name}`, projectRoot));
const root = mkdtempSync(join(tmpdir(), 'lockstep-pretrained-run-'));
after(() => rmSync(root, { recursive: true, force: true }));

const lockstep = (...words: string[]): Promise<CommandEnd> =>
  startCommand(program, [...words, '--json']).end;

/** With "a" and [UNK] fewer tokens than the tiny models have. */
const trees = ['ash', 'elm', 'fir', 'oak', 'yew', 'box', 'bay', 'fig'];

const job = `
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: { name: pretrained }
spec:
  data: { path: data, sequences: { maxLength: 4 } }
  model:
    item: { pretrained: { path: model } }
    user: { pretrained: { path: model, layers: 1 } }
    maxTextLength: 4
  objective: { negatives: { all: true } }
  optimizer: { schedule: { kind: constant } }
  batch: { sequences: 4 }
  duration: { steps: 2 }
  lanes: 2
  workers: { replicas: 1 }
  engine: { name: cpu }
`;

const train = (output: string, ...words: string[]): Promise<CommandEnd> =>
  lockstep('train', join(root, 'job.yaml'), '--output', join(root, output), ...words);

before(async () => {
  const write = (name: string, lines: readonly string[]): void =>
    writeFileSync(join(root, name), `${lines.join('\n')}\n`);
  write('items.csv', ['item_id,title', ...trees.map((tree) => `${tree},a ${tree}`)]);
  const rows = Array.from({ length: 12 * 6 }, (_, at) => {
    const user = Math.floor(at / 6);
    return `${trees[(3 * user + 7 * (at % 6)) % trees.length]},u${user},${at}`;
  });
  write('rows.csv', ['item_id,user_id,timestamp', ...rows]);
  mkdirSync(join(root, 'model'));
  cpSync(golden('llama-tied'), join(root, 'model'), { recursive: true });
  writeFileSync(join(root, 'job.yaml'), job);
  const files = ['--interactions', 'rows.csv', '--items', 'items.csv', '--output', 'data'];
  const paths = files.map((word) => (word.startsWith('--') ? word : join(root, word)));
  const { code, errors } = await lockstep('data', 'import', ...paths);
  assert.equal(code, exitCodes.success, errors);
});

// Would catch: weights that another number of workers reads otherwise, and training that begins from the seed.
test('any number of workers ends with the same weights, which come from the pretrained ones', async () => {
  const one = await train('one');
  assert.equal(one.code, exitCodes.success, one.errors);
  const two = await train('two', '--workers', '2');
  assert.equal(two.last.weights_sha256, one.last.weights_sha256, two.errors);
  const { item, user } = JSON.parse(readFileSync(join(root, 'one', 'job.json'), 'utf8')).spec.model;
  assert.deepEqual(
    [item.layers, item.ropeScaling, user.layers],
    [2, { kind: 'linear', factor: 2 }, 1],
  );
  assert.match(item.pretrained.sha256, /^[0-9a-f]{64}$/);
  const shapes = ['item', 'user'].flatMap((tower) => [
    ...[
      '--set',
      `model.${tower}={hiddenSize: 8, heads: 2, keyValueHeads: 1, intermediateSize: 12}`,
    ],
  ]);
  const random = await train('random', ...shapes);
  assert.notEqual(random.last.weights_sha256, one.last.weights_sha256, random.errors);
});

// Would catch: a run that goes on where its weights have become others, or that cannot where they only moved.
test('a run is resumed with its own weights, wherever they lie, and with no others', async () => {
  const longer = ['--resume', '--set', 'duration.steps=3'];
  const of = (path: string): string[] =>
    ['item', 'user'].flatMap((tower) => ['--set', `model.${tower}.pretrained.path=${path}`]);
  const other = await train('one', ...longer, ...of(golden('mistral')));
  assert.equal(other.code, exitCodes.usage);
  assert.match(
    other.errors,
    /model.item.pretrained.sha256 was "[0-9a-f]{64}" and is "[0-9a-f]{64}"/,
  );
  const moved = await train('one', ...longer, ...of(golden('llama-tied')));
  assert.equal(moved.code, exitCodes.success, moved.errors);
  assert.equal(moved.last.committed_steps, 3);
});

// Would catch: tokens without an embedding, found when a worker reads beyond the table.
test('a model that has no embedding for some token is refused before anything is written', async () => {
  writeFileSync(
    join(root, 'items.csv'),
    `item_id,title\n${trees.map((tree) => `${tree},a ${tree} or ${tree}s`).join('\n')}\n`,
  );
  const files = ['--interactions', join(root, 'rows.csv'), '--items', join(root, 'items.csv')];
  await lockstep('data', 'import', ...files, '--output', join(root, 'wordy'));
  const { code, errors } = await train('none', '--set', `data.path=${join(root, 'wordy')}`);
  assert.equal(code, exitCodes.usage);
  assert.match(errors, /an embedding for each of the dataset's 21 tokens: it has 13/);
});
