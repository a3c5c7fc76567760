import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../../shared/log.js';
import { silentLog } from '../../shared/log.js';
import {
  decodeJobReport,
  isNewerReport,
  type JobReport,
} from '../../shared/messages/job-report.js';
import { millis } from '../../shared/units.js';
import { CoordinatorMetrics } from '../metrics.js';
import { run, settle } from '../run-fixture.js';
import { noProgress } from './job-progress.js';
import { RunReporter, type Standing } from './run-reporter.js';

/** A receiver, in a time that the test turns. */
class Receiver {
  readonly received: JobReport[] = [];
  readonly warnings: string[] = [];
  readonly metrics = new CoordinatorMetrics(run.job);
  readonly reporter: RunReporter;
  now = 0;
  problem: string | null = null;
  /** Ends the post that is on its way; null where it answers at once. */
  answer: (() => void) | null = null;
  isSlow = false;

  constructor() {
    const warn = (_fields: object, text: string): void => void this.warnings.push(text);
    this.reporter = new RunReporter({
      clock: { now: () => millis(this.now) },
      time: () => '2026-01-02T03:04:05.000Z',
      log: { ...silentLog, warn } satisfies Log,
      metrics: this.metrics,
      ...{ uid: 'uid', runId: run.run, min: 1 },
      post: (body) => this.#take(body),
      sleep: async (time) => {
        this.now += time;
      },
    });
  }

  async at(now: number, standing: Standing | null): Promise<void> {
    this.now = now;
    this.reporter.tick(standing);
    await settle();
  }

  async counted(result: string): Promise<number> {
    const { values } = await this.metrics.reports.get();
    return values.find(({ labels }) => labels.result === result)?.value ?? 0;
  }

  async #take(body: Uint8Array): Promise<void> {
    if (this.problem !== null) throw new Error(this.problem);
    this.received.push(decodeJobReport(body));
    if (!this.isSlow) return;
    await new Promise<void>((resolve) => {
      this.answer = resolve;
    });
  }
}

const standing = (committedSteps: number, fence = 1): Standing => ({
  fence,
  progress: { ...noProgress, committedSteps },
  straggler: null,
});

// Would catch a report with each step of a quick job, and a silence that means nothing.
test('a change is told after a second, no change after five', async () => {
  const receiver = new Receiver();
  const [first, second] = [standing(1), standing(2)];
  const times: number[] = [];
  for (let now = 0; now <= 8000; now += 100) {
    await receiver.at(now, now < 300 ? first : second);
    if (times.length < receiver.received.length) times.push(now);
  }
  assert.deepEqual(times, [0, 1000, 6000]);
  assert.deepEqual(
    receiver.received.map(({ committedSteps }) => committedSteps),
    [1, 2, 2],
  );
});

// Would catch a receiver that takes the words of a new leader for old ones.
test('numbers grow within a leadership and begin anew with the next', async () => {
  const receiver = new Receiver();
  await receiver.at(0, standing(1));
  await receiver.at(1000, standing(2));
  await receiver.at(2000, null);
  await receiver.at(9000, standing(2, 4));
  const pairs = receiver.received.map(({ fence, sequence }) => [fence, sequence]);
  assert.deepEqual(pairs, [
    [1, 1],
    [1, 2],
    [4, 1],
  ]);
  for (const [index, report] of receiver.received.entries()) {
    assert.ok(isNewerReport(report, receiver.received[index - 1] ?? null));
  }
});

// Would catch a standby that reports beside the leader.
test('who does not lead reports nothing', async () => {
  const receiver = new Receiver();
  await receiver.at(0, null);
  await receiver.at(9000, null);
  assert.deepEqual(receiver.received, []);
});

// Would catch a log that fills with the same sentence, and a receiver that comes back to an old report.
test('failures are counted and told once each time they begin, and the newest is sent afterwards', async () => {
  const receiver = new Receiver();
  receiver.problem = 'connect ECONNREFUSED';
  for (let now = 0; now <= 4000; now += 500) await receiver.at(now, standing(now));
  assert.equal(receiver.warnings.length, 1);
  assert.match(receiver.warnings[0] ?? '', /LOCKSTEP_REPORT_URL: connect ECONNREFUSED: the run/);
  assert.equal(await receiver.counted('failed'), 5);
  receiver.problem = null;
  await receiver.at(5000, standing(77));
  assert.deepEqual(
    receiver.received.map(({ committedSteps, sequence }) => [committedSteps, sequence]),
    [[77, 6]],
  );
  receiver.problem = 'again';
  await receiver.at(7000, standing(78));
  assert.equal(receiver.warnings.length, 2);
});

// Would catch reports that pile up behind a receiver that does not answer.
test('while one is on its way no other is sent', async () => {
  const receiver = new Receiver();
  receiver.isSlow = true;
  for (let now = 0; now <= 20_000; now += 1000) await receiver.at(now, standing(now));
  assert.equal(receiver.received.length, 1);
  receiver.answer?.();
  await settle();
  await receiver.at(21_000, standing(21_000));
  assert.equal(receiver.received.length, 2);
});

// Would catch an end that nobody is told, because it came within a second of the step before.
test('the end is told at once, and a receiver that is gone does not hold the process', async () => {
  const receiver = new Receiver();
  await receiver.at(0, standing(1));
  receiver.now = 10;
  const finished = { ...noProgress, end: { code: null, reason: '' } };
  await receiver.reporter.close({ ...standing(2), progress: finished });
  assert.equal(receiver.received.at(-1)?.phase, 'finished');
  await receiver.reporter.close(null);
  assert.equal(receiver.received.length, 2);

  const gone = new Receiver();
  gone.problem = 'gone';
  await gone.at(0, standing(1));
  await gone.reporter.close(null);
  assert.equal(gone.now, 2000);
});
