import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import {
  committedLineOf,
  evaluatedLineOf,
  historyLineOf,
  lineTime,
  startedLineOf,
  textOf,
} from '../../../shared/history/line-points-fixture.js';
import {
  type Delivered,
  type ExportedLine,
  ExportRefusedError,
  type HistoryExporter,
} from '../history-exporter.js';
import { ExportFeed } from './export-feed.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-export-feed-'));
after(() => rmSync(root, { recursive: true }));
let runs = 0;

const never = new Promise<void>(() => undefined);
const steps = (first: number, last: number): HistoryLine[] =>
  Array.from({ length: last - first + 1 }, (_, index) => committedLineOf(first + index));

interface Wish {
  readonly again?: HistoryExporter['again'];
  /** What the other side says that it has. */
  readonly has?: Delivered | null;
  /** Thrown by the calls, in their order; null lets one pass. */
  readonly errors?: (Error | null)[];
}

/** A history, and one who is told of it. */
class Told {
  readonly path = join(root, `history-${runs++}.jsonl`);
  readonly warnings: string[] = [];
  readonly sent: ExportedLine[][] = [];
  readonly feed: ExportFeed;
  opened = 0;

  constructor({ again = 'keeps', has = new Map(), errors = [] }: Wish = {}) {
    const exporter: HistoryExporter = {
      ...{ name: 'mlflow', again },
      open: async () => {
        this.opened++;
        return has;
      },
      send: async (lines) => {
        const error = errors.shift() ?? null;
        if (error !== null) throw error;
        this.sent.push([...lines]);
      },
    };
    this.feed = new ExportFeed({
      exporter,
      history: this.path,
      warn: (text) => this.warnings.push(text),
      // As long as it takes to look at everything else that waits.
      pause: () => new Promise((resolve) => setImmediate(resolve)),
    });
  }

  write(lines: readonly HistoryLine[]): this {
    writeFileSync(this.path, textOf(lines));
    return this;
  }

  add(lines: readonly HistoryLine[]): void {
    appendFileSync(this.path, textOf(lines));
    this.feed.grown();
  }

  begin(line = startedLineOf(0)): void {
    this.feed.cut(line.committed_steps);
    this.feed.begin(line.time);
  }

  /** Steps and kinds in the order in which they came. */
  get came(): string[] {
    return this.sent.flat().map(({ line, points }) => {
      const step = line.committed_steps;
      return line.kind === 'committed' ? String(step) : `${line.kind} ${step} ${points.length}`;
    });
  }
}

// Would catch a line that is sent twice or never, and an end that does not wait for what came last.
test('every line comes once and in order, while the history grows', async () => {
  const told = new Told().write([historyLineOf(), startedLineOf(0), ...steps(1, 2)]);
  told.begin();
  told.add([committedLineOf(3), evaluatedLineOf(3)]);
  await new Promise((resolve) => setImmediate(resolve));
  told.add([committedLineOf(4)]);
  await told.feed.finish(never);
  assert.deepEqual(told.came, ['history 0 0', 'started 0 0', '1', '2', '3', 'evaluated 3 2', '4']);
  assert.deepEqual(told.warnings, []);
});

// Would catch points that a resumed run doubles, and those between the last delivery and the kill that are lost.
test('steps that are gone over again are not sent again to who keeps them', async () => {
  const has: Delivered = new Map([
    ['loss/train', 3],
    ['recall@10/validation', 2],
  ]);
  // Killed at step 5 with a checkpoint of step 4; steps up to 3 were delivered.
  const told = new Told({ has: new Map(has) });
  told.write([historyLineOf(), startedLineOf(0), ...steps(1, 4), startedLineOf(4)]);
  told.begin(startedLineOf(4));
  told.add(steps(5, 6));
  await told.feed.finish(never);
  assert.deepEqual(told.came, ['4', 'started 4 0', '5', '6']);
  // Killed before that checkpoint: step 3 is gone over again, and was delivered.
  const earlier = new Told({ has: new Map(has) });
  earlier.write([historyLineOf(), startedLineOf(0), ...steps(1, 2), startedLineOf(2)]);
  earlier.begin(startedLineOf(2));
  const kept = committedLineOf(3);
  earlier.add([kept, evaluatedLineOf(3), committedLineOf(4)]);
  await earlier.feed.finish(never);
  const seen = earlier.came.filter((word) => word !== 'started 2 0');
  // Of step 3 the measures that the other side does not have, and the evaluation.
  assert.deepEqual(seen, ['3', 'evaluated 3 2', '4']);
  const points = earlier.sent.flat().find(({ line }) => line.committed_steps === 3)?.points;
  assert.ok(points?.every(({ tag }) => tag !== 'loss/train'));
});

// Would catch a curve that keeps what a resumed run has taken back.
test('who replaces steps is told them again, after where they begin', async () => {
  const told = new Told({ again: 'replaces', has: new Map([['loss/train', 5]]) });
  told.write([historyLineOf(), startedLineOf(0), ...steps(1, 3), startedLineOf(3)]);
  told.begin(startedLineOf(3));
  told.add(steps(4, 6));
  await told.feed.finish(never);
  assert.deepEqual(told.came, ['started 3 0', '4', '5', '6']);
});

// Would catch a run that is cut while it is told, and whose place is then in the middle of another line.
test('a history that is cut under way goes on behind the cut', async () => {
  const told = new Told({ again: 'replaces' }).write([
    historyLineOf(),
    startedLineOf(0),
    ...steps(1, 5),
  ]);
  told.begin();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  told.write([historyLineOf(), startedLineOf(0), ...steps(1, 2), startedLineOf(2), ...steps(3, 4)]);
  told.feed.cut(2);
  await told.feed.finish(never);
  assert.deepEqual(told.came.slice(-4), ['5', 'started 2 0', '3', '4']);
});

// Would catch the second of two recoveries of a step that never comes, because the curve has a point there.
test('lines of one step that add to one curve all come, at once or one after the other', async () => {
  const recovery = (seconds: number): HistoryLine => ({
    ...{ kind: 'recovery', time: lineTime(2 + seconds), committed_steps: 2, cause: 'lost' },
    ...{ workers: ['w'], planned: false, detect_seconds: 0, reform_seconds: 0, resume_seconds: 0 },
    ...{ lost_seconds: seconds, recomputed_steps: 0 },
  });
  const told = new Told();
  told.write([historyLineOf(), startedLineOf(0), ...steps(1, 2), recovery(0.1), recovery(0.2)]);
  told.begin();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  told.add([recovery(0.3)]);
  await told.feed.finish(never);
  assert.deepEqual(told.came.slice(2), ['1', '2', ...Array(3).fill('recovery 2 2')]);
});

// Would catch an outage that loses lines, sends some twice, or fills the history with warnings.
test('who is away is tried again, is told everything, and is warned of once', async () => {
  const away = new Error('it cannot be reached');
  const told = new Told({ errors: [away, away, away] });
  told.write([historyLineOf(), startedLineOf(0), ...steps(1, 3)]);
  told.begin();
  await told.feed.finish(never);
  assert.deepEqual(told.came, ['history 0 0', 'started 0 0', '1', '2', '3']);
  assert.deepEqual(told.warnings, [
    'history.mlflow: it cannot be reached: the run goes on, and it is tried again',
  ]);
});

// Would catch one batch that is not wanted and holds up all that follow.
test('what is refused is left out, and the rest goes on', async () => {
  const told = new Told({ errors: [new ExportRefusedError('it says no')] });
  told.write([historyLineOf(), startedLineOf(0), committedLineOf(1)]);
  told.begin();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  told.add(steps(2, 3));
  await told.feed.finish(never);
  assert.deepEqual(told.came, ['2', '3']);
  assert.deepEqual(told.warnings, ['history.mlflow: it says no: what was refused is left out']);
});

// Would catch a run that cannot end because nobody takes its history.
test('an end waits no longer than its limit, and says so', async () => {
  const away = new Error('away');
  const told = new Told({ errors: Array.from({ length: 1000 }, () => away) });
  told.write([historyLineOf(), startedLineOf(0)]);
  told.begin();
  await told.feed.finish(new Promise((resolve) => setImmediate(resolve)));
  assert.deepEqual(told.came, []);
  assert.match(told.warnings.at(-1) ?? '', /^history\.mlflow: not all of the history is there/);
});

// Would catch a new leader that tells again what the one before has told.
test('who has no account is told what happens from here on', async () => {
  const told = new Told({ has: null, again: 'replaces' });
  told.write([historyLineOf(), startedLineOf(0), ...steps(1, 3)]);
  told.feed.cut(0);
  told.feed.begin(lineTime(2.5));
  told.add(steps(4, 4));
  await told.feed.finish(never);
  assert.deepEqual(told.came, ['3', '4']);
});

// Would catch two coordinators that both tell, or a second lead that believes what the first one knew.
test('only who leads tells, and asks again what is there when it leads again', async () => {
  const told = new Told().write([historyLineOf(), startedLineOf(0), committedLineOf(1)]);
  told.begin();
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  told.feed.rest();
  told.add(steps(2, 2));
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(told.came, ['history 0 0', 'started 0 0', '1']);
  told.feed.begin(lineTime(3));
  await told.feed.finish(never);
  assert.equal(told.opened, 2);
  assert.equal(told.came.at(-1), '2');
});
