/** What a run leaves in its folder, with the real command, coordinator and nats-server. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { historyFileOf, resultFileOf } from '../../process/history/run-history.js';
import { exitCodes } from '../../shared/exit-codes.js';
import {
  type HistoryLine,
  type HistoryLineOf,
  historyLine,
  runResult,
} from '../../shared/history/history-line.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-history-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const program = fileURLToPath(new URL('./small-run/small-train.js', import.meta.url));
const steps = 45;

interface Ended {
  readonly code: number | null;
  /** Lines of standard output. */
  readonly lines: readonly string[];
}

/** Runs the command on two workers; `onStep` sees each committed step and the pids by name. */
function train(
  output: string,
  onStep: (committedSteps: number, child: ChildProcess, pids: Map<string, number>) => void,
): Promise<Ended> {
  const resume = existsSync(output) ? ['--resume'] : [];
  const child = spawn(process.execPath, [program, output, '2', String(steps), ...resume], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pids = new Map<string, number>();
  const lines: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    const [, name, pid] = /^(\S+): pid (\d+)/.exec(line) ?? [];
    if (name !== undefined) pids.set(name, Number(pid));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    const { kind, committed_steps } = JSON.parse(line);
    if (kind === 'committed') onStep(committed_steps, child, pids);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, lines })));
}

const historyOf = (output: string): HistoryLine[] =>
  readFileSync(historyFileOf(output), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => historyLine.parse(JSON.parse(line)));

const resultOf = (output: string) =>
  runResult.parse(JSON.parse(readFileSync(resultFileOf(output), 'utf8')));

const ofKind = <Kind extends HistoryLine['kind']>(lines: readonly HistoryLine[], kind: Kind) =>
  lines.filter((line): line is HistoryLineOf<Kind> => line.kind === kind);

function assertEveryStepOnce(lines: readonly HistoryLine[]): void {
  assert.deepEqual(
    ofKind(lines, 'committed').map(({ committed_steps }) => committed_steps),
    Array.from({ length: steps }, (_, index) => index + 1),
  );
}

const nothing = (): void => undefined;

// Would catch a history with gaps, repeats or a torn line, and a result of other weights than those
// that were trained.
test('a run that is killed and resumed leaves one history and one result', async () => {
  const calm = join(folder, 'calm');
  await train(calm, nothing);
  assertEveryStepOnce(historyOf(calm));

  const output = join(folder, 'killed');
  await train(output, (committedSteps, child) => {
    if (committedSteps === 25) child.kill('SIGKILL');
  });
  assert.ok(!existsSync(resultFileOf(output)));
  // What a kill in the middle of a write would leave.
  appendFileSync(historyFileOf(output), '{"kind":"committed","time":"2026-');
  const { code } = await train(output, nothing);
  assert.equal(code, exitCodes.success);

  const lines = historyOf(output);
  assertEveryStepOnce(lines);
  const [first, second, ...others] = ofKind(lines, 'started').map((line) => line.committed_steps);
  assert.deepEqual([first, others], [0, []]);
  assert.ok(second !== undefined && second >= 20 && second % 10 === 0);
  const result = resultOf(output);
  const [last] = ofKind(lines.slice(-1), 'finished');
  assert.equal(result.kind === 'finished' && result.weights_sha256, last?.weights_sha256);
  const undisturbed = resultOf(calm);
  assert.equal(undisturbed.kind === 'finished' && undisturbed.weights_sha256, last?.weights_sha256);
});

// Would catch a recovery that leaves no word in the folder.
test('a run that lost a worker says so in its history, with what it cost', async () => {
  const output = join(folder, 'recovered');
  const { code } = await train(output, (committedSteps, _child, pids) => {
    if (committedSteps === 15) process.kill(pids.get('worker-1') as number, 'SIGKILL');
  });
  assert.equal(code, exitCodes.success);
  const lines = historyOf(output);
  assertEveryStepOnce(lines);
  const [lost] = ofKind(lines, 'recovery').filter(({ cause }) => cause === 'lost');
  assert.deepEqual(lost?.workers, ['worker-1']);
  assert.ok(ofKind(lines, 'generation').some(({ members }) => members.length === 1));
  assert.equal(resultOf(output).kind, 'finished');
});

// Would catch two accounts of one run that say different things.
test('what --json prints is what the history holds, besides progress', async () => {
  const output = join(folder, 'json');
  const { lines } = await train(output, nothing);
  const printed = lines.filter((line) => !/^\{"kind":"(waiting|evaluating)"/.test(line));
  const [, ...written] = readFileSync(historyFileOf(output), 'utf8').trimEnd().split('\n');
  assert.deepEqual(printed, written);
  assert.equal(ofKind(historyOf(output), 'evaluated')[0]?.committed_steps, steps);
});
