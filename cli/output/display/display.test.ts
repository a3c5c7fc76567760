import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aRecord } from '../../../shared/ledger/ledger-record-fixture.js';
import type { ReportedStep } from '../../../shared/messages/report-fields.js';
import type { RunEvent } from '../../../shared/messages/run-events.js';
import { openDisplay } from './open-display.js';
import type { PlainDisplay } from './plain-display.js';

/** Collects what is written to standard output, as a terminal or as a pipe would. */
function screen(isTTY: boolean, json: boolean, environment: NodeJS.ProcessEnv = {}, columns = 60) {
  const written: string[] = [];
  let now = 0;
  const stream = (to: string[]): NodeJS.WriteStream => {
    const write = (text: string): boolean => to.push(text) > 0;
    return { isTTY, columns, write } as unknown as NodeJS.WriteStream;
  };
  const display = openDisplay({
    json,
    environment,
    stdout: stream(written),
    stderr: stream([]),
    folder: '/elsewhere',
    now: () => now,
  });
  const wait = (milliseconds: number): void => {
    now += milliseconds;
  };
  return { display, wait, text: () => written.join('') };
}

const committed = (step: number): RunEvent => ({
  kind: 'committed',
  report: {
    step,
    loss: 4,
    measures: { live_negatives: 9 },
    sequences: 2,
    itemTokens: 9,
  } as unknown as ReportedStep,
  seconds: 1,
  ledger: aRecord({ step }),
});

const started: RunEvent = {
  kind: 'started',
  members: ['a', 'b'],
  firstStep: 0,
  totalSteps: 1000,
  resumedFrom: null,
};

// Would catch a log of a long run with a line for every step.
test('without a terminal lines come at a bounded rate, the first and the last one always', () => {
  const { display, wait, text } = screen(false, false);
  display.event(started, null);
  for (let step = 0; step < 1000; step++) {
    display.event(committed(step), null);
    wait(12);
  }
  const lines = text().trim().split('\n');
  assert.equal(lines[0], 'training steps 1 to 1000 on 2 workers');
  assert.match(lines[1] ?? '', /^step {4}1\/1000/);
  assert.match(lines.at(-1) ?? '', /^step 1000\/1000/);
  assert.equal(lines.length, 5);
});

// Would catch the reason of a standstill that nobody is told, because another one was said a second before.
test('without a terminal the last reason to wait is said, later or before what comes next', () => {
  const { display, wait, text } = screen(false, false);
  const refresh = (): void => (display as PlainDisplay).refresh();
  const waits = (reason: string): void => display.event({ kind: 'waiting', reason }, null);
  waits('nats-server is away');
  wait(1000);
  waits('1 of 2 workers');
  wait(1000);
  waits('0 of 2 workers');
  refresh();
  assert.equal(text(), 'waiting: nats-server is away\n');
  wait(3000);
  refresh();
  refresh();
  const said = 'waiting: nats-server is away\nwaiting: 0 of 2 workers\n';
  assert.equal(text(), said);
  waits('1 of 2 workers');
  display.event(started, null);
  assert.equal(text(), `${said}waiting: 1 of 2 workers\ntraining steps 1 to 1000 on 2 workers\n`);
});

// Would catch a run that goes back to other weights and says nothing of it, or not with what.
test('a roll-back is told in one sentence', () => {
  const { display, text } = screen(false, false);
  display.event(
    {
      kind: 'rolled-back',
      committedSteps: 95,
      rolledBackTo: 0,
      reason: 'few negatives',
      falseNegatives: 'text',
      learningRate: 0.03,
    },
    null,
  );
  assert.equal(
    text(),
    'training has collapsed after 95 steps: few negatives: it goes on with the first weights, false ' +
      'negatives by text and a learning rate of 0.03\n',
  );
});

// Would catch prose in the stream that a machine reads, and a last line that is not the result.
test('with --json every line of standard output is JSON and the last one is the result', () => {
  const { display, text } = screen(false, true);
  display.event(started, { kind: 'started' });
  display.event(committed(0), null);
  display.note('prose');
  display.result({ final_loss: 1 }, 'for people');
  const lines = text()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { kind?: string });
  assert.deepEqual(
    lines.map(({ kind }) => kind),
    ['started', undefined],
  );
  assert.deepEqual(lines.at(-1), { final_loss: 1 });
});

// Would catch a validation that nobody sees before the end, or whose best is that of another metric.
test('a validation says how good it was, and how good the best', () => {
  const { display, text } = screen(false, false);
  const row = {
    split: 'validation',
    users: 9,
    tooShort: 0,
    repeats: 0,
    tied: 0,
    items: 20,
  } as const;
  const results = [
    { ...row, model: 'hllm', values: { 'ndcg@10': 0.1, mrr: 0.07 } },
    { ...row, model: 'popularity', values: { 'ndcg@10': 0.05, mrr: 0.03 } },
  ] as const;
  const best = { metric: 'ndcg@10', value: 0.1, committedSteps: 20 };
  const say = (committedSteps: number, keptBest: typeof best | null): void =>
    display.event({ kind: 'validated', committedSteps, results, best: keptBest }, null);
  say(20, best);
  say(30, best);
  say(30, null);
  assert.deepEqual(text().trim().split('\n'), [
    'validation after step 20: ndcg@10 0.1000 (popularity 0.0500), the best so far',
    'validation after step 30: ndcg@10 0.1000 (popularity 0.0500), the best is 0.1000 after step 20',
    'validation after step 30: mrr 0.0700 (popularity 0.0300)',
  ]);
});

// Would catch a log-loss beside popularity, which has none, and an objective without rankings of which
// nothing is said.
test('a validation of targets is set beside the base rate', () => {
  const { display, text } = screen(false, false);
  const row = {
    split: 'validation',
    users: 9,
    tooShort: 0,
    repeats: 0,
    tied: 0,
    items: 20,
  } as const;
  const results = [
    { ...row, model: 'hllm', values: { auc: 0.7, logloss: 0.61 } },
    { ...row, model: 'base-rate', values: { auc: 0.5, logloss: 0.69 } },
  ] as const;
  display.event({ kind: 'validated', committedSteps: 20, results, best: null }, null);
  assert.match(text(), /^validation after step 20: logloss 0.6100 \(base rate 0.6900\)$/m);
});

// Would catch carriage returns on a terminal that prints them as they come, such as an editor's.
test('a dumb terminal gets whole lines', () => {
  const { display, text } = screen(true, false, { TERM: 'dumb' });
  display.event(started, null);
  display.event(committed(0), null);
  assert.ok(!text().includes('\r') && !text().includes('\u001b'));
  assert.match(text(), /step +1\/1000/);
});
