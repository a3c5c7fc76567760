import assert from 'node:assert/strict';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { type HistoryLine, historyLine, runResult } from '../../shared/history/history-line.js';
import { linesBackwards, wholeLinesBytes } from './history-file.js';
import {
  checkHistory,
  HistoryError,
  historyFileOf,
  RunHistory,
  resultFileOf,
} from './run-history.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-history-'));
after(() => rmSync(root, { recursive: true }));

const time = '2026-01-02T03:04:05.678Z';
const owner = { run: 't0', job: 'test', job_sha256: 'ab'.repeat(32) };

function open(
  folder: string,
  resume: boolean,
  checkpoints = join(folder, 'checkpoints'),
): RunHistory {
  const onTrouble = (text: string) => assert.fail(text);
  return RunHistory.open({ folder, checkpoints, resume, owner, time, onTrouble });
}

const started = (committed_steps: number): HistoryLine => ({
  kind: 'started',
  time,
  committed_steps,
  members: ['worker-0'],
  total_steps: 100,
  resumed_from: null,
  lockstep_version: '1',
  node_version: '20',
});

const warning = (committed_steps: number, text = ''): HistoryLine => ({
  kind: 'warning',
  time,
  committed_steps,
  text,
});

const checkpointed = (committed_steps: number): HistoryLine => ({
  kind: 'checkpointed',
  time,
  committed_steps,
  path: '/c',
  seconds: 1,
});

const committed = (committed_steps: number): HistoryLine => ({
  kind: 'committed',
  time,
  committed_steps,
  loss: 1,
  gradient_norm: 1,
  learning_rate: 1,
  logit_scale: 1,
  sequences: 1,
  predictions: 1,
  item_tokens: 1,
  distinct_items: 1,
  top1: 1,
  live_negatives: 1,
  least_live_negatives: 1,
  stage: null,
  item_cosine: 0.25,
  step_seconds: 1,
  phase_seconds: {},
  wait_seconds: 1,
});

const failed = {
  kind: 'failed',
  time,
  committed_steps: 4,
  exit_code: 4,
  code: 'PROCESS_LOST',
  message: 'worker-1 was killed',
  process: 'worker-1',
  resume: null,
} as const;

const linesOf = (folder: string): HistoryLine[] =>
  readFileSync(historyFileOf(folder), 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => historyLine.parse(JSON.parse(line)));

const kinds = (folder: string): string[] =>
  linesOf(folder).map(({ kind, committed_steps }) => `${kind} ${committed_steps}`);

const folderOf = (): string => mkdtempSync(join(root, 'run-'));

// Would catch a history that only its writer's death completes, and a result without its run.
test('lines are there as soon as they are told, and the end is a file of its own', () => {
  const folder = folderOf();
  const history = open(folder, false);
  history.append(started(0));
  assert.deepEqual(kinds(folder), ['history 0', 'started 0']);
  assert.ok(!existsSync(resultFileOf(folder)));
  history.end(failed);
  const result = JSON.parse(readFileSync(resultFileOf(folder), 'utf8'));
  assert.deepEqual(result, { schema_version: 1, ...owner, ...failed });
  runResult.parse(result);
  assert.deepEqual(linesOf(folder).at(-1), failed);
});

// Would catch a line of two halves, behind which nothing can be read any more.
test('what a kill left of a line is repaired when the run is resumed', () => {
  const folder = folderOf();
  const first = open(folder, false);
  for (const line of [started(0), committed(1), checkpointed(1)]) first.append(line);
  appendFileSync(historyFileOf(folder), '{"kind":"warning","time":"20');
  const second = open(folder, true);
  second.append(started(1));
  const expected = ['history 0', 'started 0', 'committed 1', 'checkpointed 1', 'started 1'];
  assert.deepEqual(kinds(folder), expected);
});

// Would catch what is past the checkpoint told twice, and a result of an earlier end that seems to be
// this run's.
test('a resumed run takes back what it does again, and the result with it', () => {
  const folder = folderOf();
  const first = open(folder, false);
  const course = [1, 2, 3].map(committed);
  for (const line of [started(0), ...course, checkpointed(2), checkpointed(3)]) first.append(line);
  first.end(failed);
  const second = open(folder, true);
  assert.ok(!existsSync(resultFileOf(folder)));
  second.append(warning(0));
  second.append(started(2));
  const course12 = ['committed 1', 'committed 2', 'checkpointed 2'];
  const expected = ['history 0', 'started 0', ...course12, 'failed 4', 'warning 0', 'started 2'];
  assert.deepEqual(kinds(folder), expected);
});

// Would catch a gap where the coordinator died before it heard of what the checkpoint covers.
for (const place of [['checkpoints'], ['elsewhere']]) {
  test(`steps that only the members knew are added from beside the checkpoints (${place}), or missed aloud`, () => {
    const folder = folderOf();
    const first = open(folder, false);
    for (const line of [started(0), committed(1)]) first.append(line);
    const checkpoints = join(folder, ...place);
    mkdirSync(checkpoints);
    const recent = [1, 2, 3].map((steps) => `${JSON.stringify(committed(steps))}\n`).join('');
    writeFileSync(join(checkpoints, 'recent-steps.jsonl'), recent);
    open(folder, true, checkpoints).append(started(3));
    const whole = [
      'history 0',
      'started 0',
      'committed 1',
      'committed 2',
      'committed 3',
      'started 3',
    ];
    assert.deepEqual(kinds(folder), whole);
    open(folder, true, checkpoints).append(started(9));
    assert.deepEqual(kinds(folder).slice(-2), ['warning 9', 'started 9']);
  });
}

// Would catch two runs in one history.
test('a run that resumes nothing begins a new history', () => {
  const folder = folderOf();
  open(folder, false).append(started(0));
  open(folder, false);
  assert.deepEqual(kinds(folder), ['history 0']);
});

// Would catch a run that writes into a folder that another one has taken over.
test('an abandoned history is not touched again', () => {
  const folder = folderOf();
  const history = open(folder, false);
  history.abandon();
  history.append(started(0));
  history.end(failed);
  assert.deepEqual(kinds(folder), ['history 0']);
  assert.ok(!existsSync(resultFileOf(folder)));
});

// Would catch a newer program's history that is spoilt.
test('a history of a newer version is refused before anything changes', () => {
  const folder = folderOf();
  checkHistory(folder);
  const text = '{"kind":"history","schema_version":99}\n';
  writeFileSync(historyFileOf(folder), text);
  assert.throws(() => checkHistory(folder), HistoryError);
  writeFileSync(historyFileOf(folder), '{"kind":"hist');
  checkHistory(folder);
});

// Would catch a line that is cut at the border of a piece, or given a wrong place.
test('lines are read backwards as they are forwards, whatever their lengths', () => {
  const path = join(root, 'lines');
  const lengths = fc.array(fc.oneof(fc.nat(20), fc.integer({ min: 65_000, max: 140_000 })), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(lengths, fc.nat(100_000), (sizes, torn) => {
      const lines = sizes.map((size, index) => String(index).padEnd(size, 'é'));
      const whole = lines.map((line) => `${line}\n`).join('');
      writeFileSync(path, `${whole}${'x'.repeat(torn)}`);
      const file = openSync(path, 'r');
      const bytes = Buffer.byteLength(whole);
      assert.equal(wholeLinesBytes(file, bytes + torn), bytes);
      const found = [...linesBackwards(file, bytes)].toReversed();
      closeSync(file);
      assert.deepEqual(
        found.map(({ text }) => text),
        lines,
      );
      const content = Buffer.from(whole);
      for (const { text, offset } of found) {
        assert.equal(content.toString('utf8', offset, offset + Buffer.byteLength(text)), text);
      }
    }),
    { numRuns: 30 },
  );
});
