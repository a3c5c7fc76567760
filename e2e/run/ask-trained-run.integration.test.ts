/** The commands that ask a trained model, as users call them. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { startCommand } from './command.js';
import { type TrainedRun, trainedRun } from './trained-run.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const root = mkdtempSync(join(tmpdir(), 'lockstep-ask-'));
after(() => rmSync(root, { recursive: true, force: true }));
let run: TrainedRun;
before(async () => {
  run = await trainedRun(root);
});

const cache = join(root, 'cache');
const ask = (...words: string[]) =>
  startCommand(program, [...words, '--json'], { LOCKSTEP_CACHE: cache }).end;

// Would catch an answer without its item's title, or with the item itself in it.
test('similar names the nearest items of an item that is named by its title', async () => {
  const { code, last, errors } = await ask('similar', run.folder, 'volume c', '--top', '3');
  assert.equal(code, exitCodes.success, errors);
  assert.deepEqual([last.kind, last.item, last.title], ['finished', 'c', 'Volume c']);
  assert.equal(last.checkpoint, run.checkpoint);
  const similar = last.similar as { rank: number; item: string; title: string; score: number }[];
  assert.deepEqual(
    similar.map(({ rank, item, title }) => [rank, title === `Volume ${item}`, item === 'c']),
    [1, 2, 3].map((rank) => [rank, true, false]),
  );
  assert.ok(similar.every(({ score }) => Math.abs(score) <= 1));
});

// Would catch embeddings that are computed again for every question, or taken from another's weights.
test('the embeddings of a catalogue are kept for the next question', async () => {
  const folders = () => readdirSync(join(cache, 'catalogues'), { recursive: true }).map(String);
  const blocks = folders().filter((name) => name.includes('block-'));
  assert.equal(blocks.length, 1);
  const [file] = blocks as [string];
  // Whole, but of other numbers: whoever reads them answers otherwise, and whoever checks them does not.
  const path = join(cache, 'catalogues', file);
  const { mtimeMs } = statSync(path);
  const first = await ask('similar', run.folder, 'a');
  assert.equal(statSync(path).mtimeMs, mtimeMs);
  writeFileSync(path, readFileSync(path).fill(1));
  const second = await ask('similar', run.folder, 'a');
  assert.deepEqual(second.last.similar, first.last.similar);
});

// Would catch a line less than there are users, an answer that the history has, and a last line that does
// not say which weights answered.
test('recommend answers a file of users, a line for each', async () => {
  const file = join(root, 'users.txt');
  writeFileSync(file, 'u\n{"user": "new", "history": ["volume b", "c"]}\n');
  const { code, last, errors, lines } = await ask('recommend', run.folder, '--users', file);
  assert.equal(code, exitCodes.success, errors);
  assert.deepEqual([last.kind, last.users, last.checkpoint], ['finished', 2, run.checkpoint]);
  const answers = lines.filter(({ kind }) => kind === 'recommended');
  // User u has had everything.
  assert.deepEqual(
    answers.map(({ user, history_items, items }) => [user, history_items, (items as []).length]),
    [
      ['u', 6, 0],
      ['new', 2, 4],
    ],
  );
});

// Would catch a wrong word that ends as a defect of the program, or after a model has been loaded.
for (const [what, words, message] of [
  ['no item', ['similar'], /FOLDER of a run and one ITEM/],
  ['nobody', ['recommend', 'RUN'], /one of --history, --user and --users/],
  ['two audiences', ['recommend', 'RUN', '--user', 'u', '--history', 'a'], /it got 2/],
  ['an unknown user', ['recommend', 'RUN', '--user', 'w'], /Cannot find the user "w"/],
  ['a missing file', ['recommend', 'RUN', '--users', 'none.txt'], /none.txt/],
  ['an unknown item', ['similar', 'RUN', 'zebra'], /Cannot find the item "zebra"/],
  ['a folder that is no run', ['similar', root, 'a'], /must be the --output of a run/],
  [
    'an unknown checkpoint',
    ['similar', 'RUN', 'a', '--checkpoint', 'step-1'],
    /newest, best, or one/,
  ],
  ['a best one that is not kept', ['similar', 'RUN', 'a', '--checkpoint', 'best'], /no best one/],
  ['a top of nothing', ['similar', 'RUN', 'a', '--top', '0'], /--top must be an integer in \[1, /],
] as const) {
  test(`${what} is refused with exit code 2`, async () => {
    const named = words.map((word) => (word === 'RUN' ? run.folder : word));
    const { code, last, errors } = await ask(...named);
    assert.deepEqual([code, last.kind], [exitCodes.usage, 'failed'], errors);
    assert.match(String(last.message), message);
  });
}
