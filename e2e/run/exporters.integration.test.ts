/**
 * A training whose job names every program that can be told of it: a worker is killed, the servers are away in three
 * ways until most steps are committed, and at the end each of them has every point of the history, once and in order.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mlflowKey } from '../../process/exporters/mlflow/mlflow-exporter.js';
import { MlflowServerFixture } from '../../process/exporters/mlflow/mlflow-server-fixture.js';
import { otlpName } from '../../process/exporters/otlp/line-metrics.js';
import { OtlpCollectorFixture } from '../../process/exporters/otlp/otlp-collector-fixture.js';
import { readEvents } from '../../process/exporters/tensorboard/event-file-fixture.js';
import { tensorboardFolderOf } from '../../process/exporters/tensorboard/tensorboard-exporter.js';
import { TrackioServerFixture } from '../../process/exporters/trackio/trackio-server-fixture.js';
import { historyFileOf } from '../../process/history/run-history.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { type HistoryLine, historyLine } from '../../shared/history/history-line.js';
import { pointsOf } from '../../shared/history/line-points.js';
import { projectRoot } from '../../shared/project-root.js';
import { type CommandEnd, startCommand } from './command.js';
import { smallDataset } from './small-run/small-dataset.js';
import { longJob } from './small-run/small-run.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-told-'));
const output = join(folder, 'run');
const mlflow = new MlflowServerFixture();
const trackio = new TrackioServerFixture('secret');
const collector = new OtlpCollectorFixture();
const servers = [mlflow, trackio, collector];
after(async () => {
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const steps = 60;
/** Of the steps, those for which the servers are away. */
const away = 45;

async function jobFile(): Promise<string> {
  const dataset = join(folder, 'dataset');
  await smallDataset(dataset);
  const job = longJob({ dataset, steps, name: 'told' }) as { spec: object };
  const history = {
    tensorboard: true,
    mlflow: { url: await mlflow.listen(), experiment: 'films' },
    trackio: { url: await trackio.listen(), project: 'films' },
    otlp: { url: await collector.listen() },
  };
  const path = join(folder, 'job.json');
  writeFileSync(path, JSON.stringify({ ...job, spec: { ...job.spec, history } }));
  return path;
}

let end: CommandEnd;
let lines: HistoryLine[];
before(async () => {
  const job = await jobFile();
  mlflow.goAway(500);
  trackio.goAway('slow');
  collector.goAway('refuses');
  const words = ['train', job, '--output', output, '--json', '--dashboard-port', '0'];
  const run = startCommand(program, words, { TRACKIO_WRITE_TOKEN: 'secret' });
  await run.committed(10);
  process.kill(run.pids.get('worker-1') as number, 'SIGKILL');
  // Reached with nobody there to be told: a training that waits for a server never comes this far.
  await run.committed(away);
  for (const server of servers) server.back();
  end = await run.end;
  lines = readFileSync(historyFileOf(output), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => historyLine.parse(JSON.parse(line)));
});

/** Step and value, by the name of the curve, in the order of the history. */
type Curves = Record<string, [number, number][]>;

function curvesOf(points: Iterable<readonly [tag: string, step: number, value: number]>): Curves {
  const curves: Curves = {};
  for (const [tag, step, value] of points) {
    curves[tag] ??= [];
    curves[tag].push([step, value]);
  }
  return curves;
}

const wanted = (named: (tag: string) => string = String): Curves =>
  curvesOf(
    lines.flatMap((line) =>
      pointsOf(line).map(({ tag, value }) => [named(tag), line.committed_steps, value] as const),
    ),
  );

test('the run ends well, and its history has every step and the loss of the worker', () => {
  assert.equal(end.code, exitCodes.success, end.errors);
  const committed = lines.filter(({ kind }) => kind === 'committed');
  assert.deepEqual(
    committed.map(({ committed_steps }) => committed_steps),
    Array.from({ length: steps }, (_, index) => index + 1),
  );
  assert.ok(lines.some((line) => line.kind === 'recovery' && line.cause === 'lost'));
});

// Would catch servers that were there all the time, and a warning for each try.
test('the servers were away, and each is told of once', () => {
  for (const server of servers) assert.ok(server.missed > 0);
  const told = lines.flatMap((line) =>
    line.kind === 'warning' && line.text.startsWith('history.') ? [line.text.split(':')[0]] : [],
  );
  // The slow one and the one that refuses may be back before they are given up.
  assert.ok(told.includes('history.mlflow'), told.join());
  assert.equal(told.length, new Set(told).size, told.join());
  for (const { complaints } of servers) assert.deepEqual(complaints, []);
});

test('TensorBoard has every point once and in order', () => {
  const events = tensorboardFolderOf(output);
  const [file = ''] = readdirSync(events).filter((name) => name.includes('tfevents'));
  const read = readEvents(readFileSync(join(events, file)));
  const as32Bits = (curves: Curves): Curves =>
    Object.fromEntries(
      Object.entries(curves).map(([tag, points]) => [
        tag,
        points.map(([step, value]) => [step, Math.fround(value)]),
      ]),
    );
  assert.deepEqual(
    curvesOf(read.map(({ step, tag, value }) => [tag, step, value])),
    as32Bits(wanted()),
  );
});

test('MLflow has every point once and in order, and the run with its end', () => {
  const [run, ...others] = mlflow.runs;
  assert.deepEqual(others, []);
  const points = run?.metrics ?? [];
  assert.deepEqual(
    curvesOf(points.map(({ key, step, value }) => [key, step, value])),
    wanted(mlflowKey),
  );
  assert.deepEqual([run?.name, run?.status], ['told', 'FINISHED']);
});

test('trackio has every point once and in order', () => {
  const points = [...trackio.entries.values()].flatMap(({ metrics, step }) =>
    Object.entries(metrics).map(([tag, value]) => [tag, step, value] as const),
  );
  assert.deepEqual(curvesOf(points), wanted());
});

test('a collector has every point once and in order, and a trace of each line of phases', () => {
  const timed = lines.flatMap((line) =>
    pointsOf(line).map(({ tag, value }) => [otlpName(tag), Date.parse(line.time), value] as const),
  );
  const points = collector.metrics.flatMap(({ gauge, name }) =>
    gauge.dataPoints.map(
      ({ asDouble, timeUnixNano }) =>
        [name, Number(BigInt(timeUnixNano) / 1_000_000n), asDouble] as const,
    ),
  );
  assert.deepEqual(curvesOf(points), curvesOf(timed));
  const told = lines.filter(({ kind }) => kind === 'phases');
  assert.equal(new Set(collector.spans.map(({ traceId }) => traceId)).size, told.length);
  assert.equal(new Set(collector.spans.map(({ spanId }) => spanId)).size, collector.spans.length);
});

// Would catch names and values that agree with each other and with nothing else.
test('the last loss of all of them is that of the last line', () => {
  const lossOf = (line: string): number | undefined =>
    line.startsWith('{"kind":"committed"') ? JSON.parse(line).loss : undefined;
  const losses = readFileSync(historyFileOf(output), 'utf8').split('\n').map(lossOf);
  const loss = losses.findLast((value) => value !== undefined);
  const ofMlflow = mlflow.runs[0]?.metrics.findLast(({ key }) => key === 'loss/train');
  const ofTrackio = [...trackio.entries.values()].findLast(
    ({ metrics }) => 'loss/train' in metrics,
  );
  const ofCollector = collector.metrics.findLast(({ name }) => name === 'lockstep.loss.train');
  assert.deepEqual(
    [
      [ofMlflow?.step, ofMlflow?.value],
      [ofTrackio?.step, ofTrackio?.metrics['loss/train']],
      [steps, ofCollector?.gauge.dataPoints.at(-1)?.asDouble],
    ],
    [
      [steps, loss],
      [steps, loss],
      [steps, loss],
    ],
  );
});
