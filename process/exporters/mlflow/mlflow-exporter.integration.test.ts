import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import {
  committedLineOf,
  evaluatedLineOf,
  failedLineOf,
  historyLineOf,
  lineTime,
  startedLineOf,
  textOf,
} from '../../../shared/history/line-points-fixture.js';
import { parseJob } from '../../../shared/job-spec/job-spec.js';
import { ExportFeed } from '../feed/export-feed.js';
import { MlflowExporter } from './mlflow-exporter.js';
import { MlflowServerFixture } from './mlflow-server-fixture.js';

const root = mkdtempSync(join(tmpdir(), 'lockstep-mlflow-'));
after(() => rmSync(root, { recursive: true }));
const history = join(root, 'history.jsonl');

const job = parseJob(`
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: {name: tiny}
spec: {data: {dataset: movielens-100k}, seed: 7}
`);

const never = new Promise<void>(() => undefined);

interface TellWish {
  readonly firstStep?: number;
  readonly environment?: NodeJS.ProcessEnv;
  readonly told?: typeof job;
}

/** Tells a server all that the history has. */
async function tell(
  url: string,
  { firstStep = 0, environment = {}, told = job }: TellWish = {},
): Promise<string[]> {
  const warnings: string[] = [];
  const run = { run: 't1', job: told, output: root };
  const feed = new ExportFeed({
    exporter: new MlflowExporter(run, { url, experiment: 'films' }, environment),
    history,
    warn: (text) => warnings.push(text),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
  });
  feed.cut(firstStep);
  feed.begin(lineTime(0));
  await feed.finish(never);
  return warnings;
}

async function withServer(work: (server: MlflowServerFixture, url: string) => Promise<void>) {
  const server = new MlflowServerFixture();
  const url = await server.listen();
  try {
    await work(server, url);
  } finally {
    await server.close();
  }
}

const write = (lines: readonly HistoryLine[]): void => writeFileSync(history, textOf(lines));
const lossesOf = ({ runs }: MlflowServerFixture): [number, number][] =>
  (runs[0]?.metrics ?? [])
    .filter(({ key }) => key === 'loss/train')
    .map(({ step, value }) => [step, value]);

// Would catch a name that MLflow refuses, a step or a value in the wrong place, and a run that stays RUNNING.
test('a run has its experiment, parameters, points and status', async () => {
  await withServer(async (server, url) => {
    write([
      historyLineOf(),
      startedLineOf(0),
      committedLineOf(1),
      committedLineOf(2),
      evaluatedLineOf(2),
    ]);
    appendFileSync(history, textOf([failedLineOf(2)]));
    assert.deepEqual(await tell(url), []);
    const [run] = server.runs;
    assert.deepEqual([...server.experiments], [['films', '1']]);
    assert.equal(run?.name, 'tiny');
    assert.equal(run?.start_time, Date.parse(lineTime(0)));
    assert.deepEqual(lossesOf(server), [
      [1, 10],
      [2, 5],
    ]);
    const recall = run?.metrics.find(({ key }) => key === 'recall_at_10/validation');
    assert.deepEqual([recall?.step, recall?.value], [2, 0.25]);
    assert.equal(recall?.timestamp, Date.parse(lineTime(2.5)));
    assert.equal(run?.params.get('seed'), '7');
    assert.equal(run?.params.get('optimizer.learningRate'), '0.003');
    assert.equal(run?.status, 'FAILED');
    assert.equal(run?.end_time, Date.parse(lineTime(3)));
  });
});

// Would catch a second run on the server for one of ours, and steps that it has twice.
test('a resumed run goes on in the same run there, without a point twice', async () => {
  await withServer(async (server, url) => {
    write([historyLineOf(), startedLineOf(0), ...[1, 2, 3].map(committedLineOf)]);
    await tell(url);
    write([historyLineOf(), startedLineOf(0), committedLineOf(1), startedLineOf(1)]);
    const again = [2, 3, 4].map((step) => ({
      ...committedLineOf(step),
      time: lineTime(60 + step),
    }));
    appendFileSync(history, textOf(again));
    await tell(url, { firstStep: 1 });
    assert.equal(server.runs.length, 1);
    assert.deepEqual(
      lossesOf(server).map(([step]) => step),
      [1, 2, 3, 4],
    );
    assert.equal(server.runs[0]?.status, 'RUNNING');
  });
});

// Would catch a resume with more workers that the server refuses as another value of a parameter.
test('a resumed run may differ in what does not decide its weights', async () => {
  await withServer(async (server, url) => {
    write([historyLineOf(), startedLineOf(0), committedLineOf(1), failedLineOf(1)]);
    await tell(url);
    const { workers } = job.spec;
    const told = { ...job, spec: { ...job.spec, workers: { ...workers, replicas: 3 } } };
    appendFileSync(history, textOf([startedLineOf(1)]));
    assert.deepEqual(await tell(url, { firstStep: 1, told }), []);
    assert.equal(server.runs[0]?.status, 'RUNNING');
    assert.equal(server.runs[0]?.params.get('workers.replicas'), String(workers.replicas));
  });
});

// Would catch a failed answer that is taken for a success, and an answer that was lost and doubles its points.
test('errors and lost answers are tried again, and leave every point once', async () => {
  await withServer(async (server, url) => {
    write([historyLineOf(), startedLineOf(0), ...[1, 2].map(committedLineOf)]);
    server.failures.push(503, 500);
    const warnings = await tell(url);
    assert.equal(warnings.length, 1);
    assert.match(
      warnings[0] ?? '',
      /^history\.mlflow: GET .* was answered with 503 .*tried again$/,
    );
    assert.equal(lossesOf(server).length, 2);
  });
  await withServer(async (server, url) => {
    write([historyLineOf(), startedLineOf(0)]);
    await tell(url);
    appendFileSync(history, textOf([committedLineOf(1)]));
    server.losesAnswer = true;
    await tell(url);
    assert.deepEqual(lossesOf(server), [[1, 10]]);
  });
});

// Would catch a secret that is not sent, or is sent in the wrong form.
test('token or user come from the environment', async () => {
  await withServer(async (server, url) => {
    write([historyLineOf(), startedLineOf(0)]);
    await tell(url, { environment: { MLFLOW_TRACKING_TOKEN: 'abc' } });
    assert.ok(server.calls.every(({ authorization }) => authorization === 'Bearer abc'));
    server.calls.length = 0;
    const user = { MLFLOW_TRACKING_USERNAME: 'me', MLFLOW_TRACKING_PASSWORD: 'pw' };
    await tell(url, { environment: user });
    assert.ok(server.calls.every(({ authorization }) => authorization === 'Basic bWU6cHc='));
  });
});

// Would catch a batch larger than the server takes: MLflow's limit is 1,000 metrics.
test('many steps go in several batches', async () => {
  await withServer(async (server, url) => {
    const steps = Array.from({ length: 300 }, (_, index) => committedLineOf(index + 1));
    write([historyLineOf(), startedLineOf(0), ...steps]);
    assert.deepEqual(await tell(url), []);
    assert.equal(lossesOf(server).length, 300);
  });
});
