import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { MemoryHub } from '../../../shared/bus-memory.js';
import { jobId, runId, workerId } from '../../../shared/ids.js';
import { aRecord, nothingTrained } from '../../../shared/ledger/ledger-record-fixture.js';
import { encodeLogEntry, type Happening } from '../../../shared/messages/cluster/log-entry.js';
import { logStream, logSubject } from '../../../shared/subjects.js';
import { HistoryReader } from './folder-source.js';
import { logSource } from './log-source.js';
import type { Watcher } from './top-source.js';

function listener() {
  const told: string[] = [];
  const watcher: Watcher = {
    onEvent: (event) => void told.push(event.kind),
    onEnd: (text) => void told.push(text),
    onAnew: () => void told.push('anew'),
  };
  return { told, watcher };
}

const time = '2026-01-02T03:04:05.678Z';
const warning = (text: string): string =>
  `${JSON.stringify({ kind: 'warning', time, committed_steps: 1, text })}\n`;
const failed = `${JSON.stringify({
  ...{ kind: 'failed', time, committed_steps: 7, exit_code: 3, code: 'X', message: 'it was so' },
  ...{ process: null, resume: null },
})}\n`;

// Would catch a line that is told twice, or in two halves, while somebody writes it.
test('a history that grows is told as it grows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-top-'));
  try {
    const path = join(folder, 'history.jsonl');
    const { told, watcher } = listener();
    const line = warning('grün');
    writeFileSync(path, `${warning('a')}${line.slice(0, 40)}`);
    const reader = new HistoryReader(path, watcher);
    reader.read();
    assert.deepEqual(told, ['notice']);
    appendFileSync(path, `${line.slice(40)}not a line\n${failed}`);
    reader.read();
    reader.read();
    assert.deepEqual(told, ['notice', 'notice', 'failed after step 7: it was so']);
    // Whoever resumes takes back what came after the checkpoint.
    writeFileSync(path, warning('a'));
    reader.read();
    assert.deepEqual(told.slice(3), ['anew', 'notice']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// Would catch a view that takes a minute to open because a run is long.
test('of a long history the beginning and the end are told', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-top-'));
  try {
    const path = join(folder, 'history.jsonl');
    const { told, watcher } = listener();
    writeFileSync(path, `${warning('x'.repeat(1000)).repeat(6000)}${failed}`);
    new HistoryReader(path, watcher).read();
    assert.ok(told.length > 3000 && told.length < 5000, String(told.length));
    assert.equal(told.at(-1), 'failed after step 7: it was so');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const run = { job: jobId('books'), run: runId('t0123456789abcdef') };

const happenings: readonly Happening[] = [
  { kind: 'led', coordinator: 'a', totalSteps: 9 },
  {
    ...{ kind: 'generation', generation: 1, planned: false, reason: 'all are here' },
    members: [{ worker: workerId('worker-0'), lanes: 4 }],
    ...{ writer: workerId('worker-0'), resumedFrom: null },
    position: { committedSteps: 0, collapses: 0, settled: true },
  },
  {
    ...{ kind: 'committed', generation: 1, seconds: 1, ledger: aRecord({ step: 0 }) },
    report: {
      ...{ step: 0, stage: null, loss: 1, sequences: 1, itemTokens: 1, distinctItems: 1 },
      ...{ measures: {}, itemCosine: 0, gradientNorm: 1, learningRate: 1 },
      ...{ phaseSeconds: {}, waitSeconds: 0, ...nothingTrained },
    },
  },
];

async function withLog() {
  const bus = new MemoryHub().open();
  const log = await bus.ensureLog(logStream(run), logSubject(run));
  for (const [after, entry] of happenings.entries()) {
    await log.append(encodeLogEntry({ fence: 1, time, entry }), after);
  }
  const append = (entry: Happening, after: number) =>
    log.append(encodeLogEntry({ fence: 1, time, entry }), after);
  return { bus, append };
}

// Would catch a snapshot that waits for a run to go on.
test('what a log has is told once', async () => {
  const { bus } = await withLog();
  const { told, watcher } = listener();
  await logSource(bus, run, 'here').readOnce(watcher);
  assert.deepEqual(told, ['started', 'committed']);
  await bus.close();
});

// Would catch a view that cannot be left, or that closes by itself before its user has seen the end.
test('a log is followed beyond the end of its run, until the view is left', async () => {
  const { append, bus } = await withLog();
  const leaving = new AbortController();
  const { told, watcher } = listener();
  const seen = new Promise<void>((resolve) => {
    const onEnd = watcher.onEnd;
    watcher.onEnd = (text, at) => {
      onEnd(text, at);
      resolve();
    };
  });
  const following = logSource(bus, run, 'here').follow(watcher, leaving.signal);
  const failure = { code: 'NON_FINITE', message: 'the loss is NaN', worker: null };
  await append({ kind: 'failed', ...failure, committedSteps: 1 }, happenings.length);
  await seen;
  assert.deepEqual(told.slice(0, 3), [
    'started',
    'committed',
    'failed after step 1: the loss is NaN',
  ]);
  leaving.abort();
  await following;
  await bus.close();
});
