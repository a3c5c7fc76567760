import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { encodeUsers } from '../../../shared/ledger/lane-users.js';
import { encodeLedgerLine, type LedgerLine } from '../../../shared/ledger/ledger-line.js';
import { LedgerFold } from './ledger-fold.js';
import { foldedJob, LedgerTail } from './ledger-tail.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-ledger-tail-'));
after(() => rmSync(folder, { recursive: true }));

const time = '2026-01-02T03:04:05.678Z';
const digest = 'a'.repeat(64);

const step = (at: number, epoch: number, users: readonly number[], hash = '0'): LedgerLine => ({
  kind: 'step',
  record: {
    ...{ step: at, generation: 1, fence: 1, epoch, members: ['worker-0'], time },
    lanes: [{ owner: 0, users: encodeUsers(Int32Array.from(users)), digest }],
    planSha256: digest,
    stateHash: { from: 0, to: 8, value: hash.padStart(16, '0') },
    reporters: ['worker-0'],
  },
});

const resumed = (committed_steps: number): LedgerLine => ({
  ...{ kind: 'resumed', time, committed_steps },
});

const plain = { hasStages: false, oncePerUser: false };

function foldOf(lines: readonly LedgerLine[], job = plain) {
  const fold = new LedgerFold(job);
  for (const line of lines) fold.line(line);
  return fold.state(false);
}

test('steps and sequences are counted, by epoch', () => {
  const state = foldOf([
    ...[step(0, 0, [1, 2]), step(1, 0, [3, 3]), step(2, 1, [3, 1]), step(3, 1, [2])],
  ]);
  assert.deepEqual([state.steps, state.sequences, state.problemsCount], [4, 7, 0]);
  assert.deepEqual(state.epochs, [
    { epoch: 0, firstStep: 0, steps: 2, sequences: 4, expected: null, state: 'whole' },
    { epoch: 1, firstStep: 2, steps: 2, sequences: 3, expected: 4, state: 'open' },
  ]);
});

// Would catch a finished run whose last epoch is under way for ever.
test('the last epoch is whole when it has trained what the one before has', () => {
  const state = foldOf([step(0, 0, [1, 2]), step(1, 1, [2, 1])]);
  assert.deepEqual(
    state.epochs?.map((epoch) => epoch.state),
    ['whole', 'whole'],
  );
  assert.equal(state.wholeEpochs, 2);
});

// Would catch a page that calls a run exact whose epochs train some users twice and others never.
test('a user too often, and a sequence that an epoch lacks, are found', () => {
  const first = [step(0, 0, [1, 2]), step(1, 0, [3])];
  const again = foldOf([...first, step(2, 1, [1, 1]), step(3, 1, [2]), step(4, 2, [1])]);
  assert.deepEqual(again.problems, [
    'step 2: user 1 trained more often in epoch 1 than there are sequences',
    'epoch 1: 1 sequence of the epoch before not trained',
  ]);
  const once = foldOf([step(0, 0, [1, 1])], { ...plain, oncePerUser: true });
  assert.equal(once.problemsCount, 1);
  assert.equal(foldOf([step(0, 0, [1, 1])]).problemsCount, 0);
});

// Would catch steps that a resumed run trains again counted twice, or called a defect.
test('what is trained again behind a line that says so is counted once, and compared', () => {
  const before = [step(0, 0, [1]), step(1, 0, [2]), step(2, 0, [3])];
  const fine = foldOf([...before, resumed(1), step(1, 0, [2]), step(2, 0, [3]), step(3, 1, [1])]);
  assert.deepEqual(
    [fine.steps, fine.sequences, fine.resumed, fine.trainedAgain, fine.problemsCount],
    [4, 4, 1, 2, 0],
  );
  const other = foldOf([...before, resumed(1), step(1, 0, [2], 'f')]);
  assert.deepEqual(other.problems, ['step 1 was trained again, and something else came of it']);
  const unsaid = foldOf([...before, step(1, 0, [2])]);
  assert.match(unsaid.problems[0] ?? '', /^step 1 is recorded again, and nothing says/);
});

test('steps that are not recorded are named, and their epoch is judged by nobody', () => {
  const state = foldOf([step(0, 0, [1]), step(3, 0, [4]), step(4, 1, [1])]);
  assert.deepEqual(state.problems, ['steps 1 to 2: not recorded']);
  assert.equal(state.epochs?.[0]?.state, 'partial');
  assert.equal(foldOf([step(0, 0, [1])], { ...plain, hasStages: true }).epochs, null);
});

// Would catch a ledger that is read from its beginning each time, and a line that is still being written.
test('a ledger that grows is read on, over its files, whole lines only', async () => {
  const ledger = join(folder, 'ledger');
  mkdirSync(ledger);
  const first = join(ledger, 'ledger-00000.jsonl');
  const text = encodeLedgerLine(step(1, 0, [2]));
  writeFileSync(first, `${encodeLedgerLine(step(0, 0, [1]))}${text.slice(0, 40)}`);
  const tail = new LedgerTail(folder);
  assert.equal((await tail.read(plain))?.steps, 1);
  appendFileSync(first, `${text.slice(40)}no line\n`);
  const both = await tail.read(plain);
  assert.deepEqual([both?.steps, both?.isBehind], [2, false]);
  assert.match(both?.problems[0] ?? '', /^ledger-00000.jsonl, line 3: is not JSON/);
  writeFileSync(join(ledger, 'ledger-00001.jsonl'), encodeLedgerLine(step(2, 0, [3])));
  assert.equal((await tail.read(plain))?.isBehind, true);
  const third = await tail.read(plain);
  assert.deepEqual([third?.steps, third?.isBehind], [3, false]);
  assert.equal(await new LedgerTail(join(folder, 'none')).read(plain), null);
});

test('a job of any version says how its users may be counted', () => {
  const cut = (longer: string) => ({ spec: { data: { sequences: { longer } } } });
  assert.deepEqual(foldedJob(cut('last')), { hasStages: false, oncePerUser: true });
  assert.deepEqual(foldedJob(cut('windows')), plain);
  assert.deepEqual(foldedJob(null), plain);
  assert.equal(foldedJob({ spec: { stages: [{}] } }).hasStages, true);
});
