import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import { pointsOf } from '../../../shared/history/line-points.js';
import {
  committedLineOf,
  lineTime,
  phasesLineOf,
} from '../../../shared/history/line-points-fixture.js';
import { parseJob } from '../../../shared/job-spec/job-spec.js';
import { ExportRefusedError } from '../history-exporter.js';
import { OtlpCollectorFixture, type TakenSpan } from './otlp-collector-fixture.js';
import { OtlpExporter } from './otlp-exporter.js';

const server = new OtlpCollectorFixture();
const url = await server.listen();
after(() => server.close());

const job = parseJob(`
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: {name: tiny}
spec: {data: {dataset: movielens-100k}}
`);

async function send(lines: readonly HistoryLine[]): Promise<void> {
  server.traces.length = 0;
  server.metrics.length = 0;
  const exporter = new OtlpExporter({ run: 't1', job, output: '' }, { url });
  assert.equal(await exporter.open(), null);
  // Empty, to see which signals are taken.
  server.traces.length = 0;
  await exporter.send(lines.map((line) => ({ line, points: pointsOf(line) })));
}

const attributeOf = ({ attributes }: Pick<TakenSpan, 'attributes'>, name: string): string =>
  String(Object.values(attributes.find(({ key }) => key === name)?.value ?? {})[0]);
const millisOf = ({ startTimeUnixNano, endTimeUnixNano }: TakenSpan): [number, number] => {
  const base = BigInt(Date.parse(lineTime(7))) * 1_000_000n;
  const since = (nanos: string): number => Number((BigInt(nanos) - base) / 1_000_000n);
  return [since(startTimeUnixNano), since(endTimeUnixNano)];
};

// Would catch workers that are missing, phases below the wrong worker, and times that are not those of the line.
test('a step is a trace: its workers within, and within each its phases one after the other', async () => {
  await send([committedLineOf(7), phasesLineOf(7, 1)]);
  const spans = server.spans;
  const [whole, ...others] = spans.filter(({ parentSpanId }) => !parentSpanId);
  assert.equal(others.length, 0);
  assert.equal(whole?.name, 'step');
  assert.equal(attributeOf(whole as TakenSpan, 'lockstep.last_step'), '7');
  assert.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1);
  assert.deepEqual(millisOf(whole as TakenSpan), [-2750, 0]);
  const childrenOf = (parent: TakenSpan | undefined): TakenSpan[] =>
    spans.filter(({ parentSpanId }) => parentSpanId === parent?.spanId);
  const shown = childrenOf(whole)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((worker) => [
      worker.name,
      attributeOf(worker, 'lockstep.wait_seconds'),
      millisOf(worker),
      childrenOf(worker).map((phase) => [phase.name, ...millisOf(phase)]),
    ]);
  assert.deepEqual(shown, [
    [
      'worker-0',
      '1',
      [-2750, -1000],
      [
        ['plan', -2750, -2500],
        ['encode', -2500, -1500],
        ['reduce', -1500, -1000],
      ],
    ],
    [
      'worker-1',
      '0.5',
      [-2750, 0],
      [
        ['plan', -2750, -2500],
        ['encode', -2500, -500],
        ['reduce', -500, 0],
      ],
    ],
  ]);
  const attributes = server.traces[0]?.resourceSpans[0]?.resource.attributes ?? [];
  const said = ['service.name', 'lockstep.job', 'lockstep.run'].map((name) =>
    attributeOf({ attributes }, name),
  );
  assert.deepEqual(said, ['lockstep', 'tiny', 't1']);
  assert.deepEqual(server.complaints, []);
});

// Would catch a line that is sent again after a lost answer and becomes a second trace.
test('the same line has the same ids', async () => {
  await send([phasesLineOf(9, 3)]);
  const first = server.spans.map(({ spanId, traceId }) => `${traceId} ${spanId}`);
  assert.equal(server.spans.find(({ parentSpanId }) => !parentSpanId)?.name, 'steps');
  await send([phasesLineOf(9, 3)]);
  assert.deepEqual(
    server.spans.map(({ spanId, traceId }) => `${traceId} ${spanId}`),
    first,
  );
  await send([phasesLineOf(10, 1)]);
  assert.ok(!first.some((ids) => ids.startsWith(server.spans[0]?.traceId as string)));
});

// Would catch gauges with the time of their sending, and a series for each step.
test('curves are gauges with a point for each step, at its time', async () => {
  await send([committedLineOf(1), committedLineOf(2)]);
  const sent = server.metrics;
  const loss = sent.find(({ name }) => name === 'lockstep.loss.train');
  assert.deepEqual(
    loss?.gauge.dataPoints.map(({ asDouble, timeUnixNano }) => [asDouble, timeUnixNano]),
    [
      [10, `${Date.parse(lineTime(1))}000000`],
      [5, `${Date.parse(lineTime(2))}000000`],
    ],
  );
  const units = new Map(sent.map(({ name, unit }) => [name, unit]));
  assert.equal(units.get('lockstep.step.seconds'), 's');
  assert.equal(units.get('lockstep.throughput.sequences_per_second'), '1');
  assert.equal(server.traces.length, 0);
  assert.deepEqual(server.complaints, []);
});

// Would catch a refusal that is tried for ever, and an outage that passes for one.
test('what a collector refuses is told apart from one that is away', async () => {
  const line = committedLineOf(1);
  const lines = [{ line, points: pointsOf(line) }];
  const run = { run: 't1', job, output: '' };
  const exporter = new OtlpExporter(run, { url });
  await exporter.open();
  server.goAway(400);
  await assert.rejects(exporter.send(lines), ExportRefusedError);
  server.goAway(401);
  await assert.rejects(exporter.send(lines), (error: Error) => {
    assert.ok(!(error instanceof ExportRefusedError));
    assert.match(error.message, /\/v1\/metrics does not take them/);
    return true;
  });
});

const exported = (...lines: HistoryLine[]) =>
  lines.map((line) => ({ line, points: pointsOf(line) }));

async function opened(): Promise<OtlpExporter> {
  const exporter = new OtlpExporter({ run: 't1', job, output: '' }, { url });
  await exporter.open();
  server.traces.length = 0;
  server.metrics.length = 0;
  return exporter;
}

// Would catch points that are doubled by each try, where a collector takes metrics and fails at traces.
test('where the traces of lines fail, their points are not sent again', async () => {
  server.back();
  const exporter = await opened();
  const lines = exported(committedLineOf(1), phasesLineOf(1, 1));
  server.failures.push(null, 401);
  await assert.rejects(exporter.send(lines), /v1\/traces does not take them/);
  await exporter.send([...lines, ...exported(committedLineOf(2))]);
  const losses = server.metrics.filter(({ name }) => name === 'lockstep.loss.train');
  assert.deepEqual(
    losses.flatMap(({ gauge }) => gauge.dataPoints.map(({ asDouble }) => asDouble)),
    [10, 5],
  );
  assert.equal(server.traces.length, 1);
});

// Would catch traces that are left out because a collector did not like the points of their lines.
test('where points are refused, the traces of their lines still go', async () => {
  const exporter = await opened();
  server.failures.push(400);
  const lines = exported(committedLineOf(1), phasesLineOf(1, 1));
  await assert.rejects(exporter.send(lines), ExportRefusedError);
  assert.deepEqual([server.metrics.length, server.traces.length], [0, 1]);
});

// Would catch a program for traces alone that never gets one because it has no place for metrics.
test('who takes one signal gets that one, and the other is left out with a word', async () => {
  server.misses = '/v1/metrics';
  const exporter = await opened();
  const lines = exported(committedLineOf(1), phasesLineOf(1, 1));
  await assert.rejects(exporter.send(lines), (error: Error) => {
    assert.ok(error instanceof ExportRefusedError);
    assert.match(error.message, /takes traces only: there is no \/v1\/metrics/);
    return true;
  });
  assert.equal(server.traces.length, 1);
  await exporter.send(exported(committedLineOf(2), phasesLineOf(2, 1)));
  assert.deepEqual([server.traces.length, server.metrics.length], [2, 0]);
  server.misses = null;
});

// Would catch a wrong address that is taken for a program that wants nothing, and is never tried again.
test('who has neither is no collector', async () => {
  server.goAway(404);
  await assert.rejects(opened(), /has neither \/v1\/metrics nor \/v1\/traces/);
});
