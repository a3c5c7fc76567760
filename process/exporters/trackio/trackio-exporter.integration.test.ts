import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { after, test } from 'node:test';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import { pointsOf } from '../../../shared/history/line-points.js';
import {
  committedLineOf,
  evaluatedLineOf,
  startedLineOf,
} from '../../../shared/history/line-points-fixture.js';
import { parseJob } from '../../../shared/job-spec/job-spec.js';
import { ExportRefusedError } from '../history-exporter.js';
import { TrackioExporter } from './trackio-exporter.js';

interface Entry {
  readonly project: string;
  readonly run: string;
  readonly run_id: string;
  readonly metrics: Readonly<Record<string, number>>;
  readonly step: number;
  readonly log_id: string;
  readonly config: Readonly<Record<string, string>>;
}

const kept = new Map<string, Entry>();
/** Answers as trackio 0.43 does: an entry once by its id, 400 without the token. */
const server = createServer(async (request, response) => {
  const body = (await json(request)) as { logs?: Entry[]; run_id?: string };
  const answer = (status: number, said: object) =>
    response.writeHead(status).end(JSON.stringify(said));
  if (request.url === '/api/get_run_summary') {
    const steps = [...kept.values()].flatMap(({ run_id, step }) =>
      run_id === body.run_id ? [step] : [],
    );
    answer(200, { data: { last_step: steps.length === 0 ? null : Math.max(...steps) } });
  } else if (request.headers['x-trackio-write-token'] !== 'secret') {
    answer(400, { error: 'A write_token is required' });
  } else {
    for (const entry of body.logs ?? []) {
      if (!kept.has(entry.log_id)) kept.set(entry.log_id, entry);
    }
    answer(200, { data: null });
  }
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const job = parseJob(`
apiVersion: lockstep.dev/v1alpha1
kind: TrainingJob
metadata: {name: tiny}
spec: {data: {dataset: movielens-100k}, seed: 7}
`);

const exporterOf = (environment: NodeJS.ProcessEnv): TrackioExporter =>
  new TrackioExporter({ run: 't1', job, output: '' }, { url, project: 'films' }, environment);
const exported = (line: HistoryLine) => ({ line, points: pointsOf(line) });

// Would catch an evaluation that replaces its step, a retry that doubles entries, and a run that begins anew there.
test('a run has an entry for each step and evaluation, once', async () => {
  const exporter = exporterOf({ TRACKIO_WRITE_TOKEN: 'secret' });
  assert.deepEqual(await exporter.open(), new Map());
  const lines = [startedLineOf(0), committedLineOf(1), committedLineOf(2), evaluatedLineOf(2)];
  await exporter.send(lines.map(exported));
  await exporter.send(lines.map(exported));
  await exporter.send([exported(evaluatedLineOf(2, 'test'))]);
  const entries = [...kept.values()];
  assert.deepEqual(
    entries.map(({ step, metrics }) => [step, Object.entries(metrics)[0]]),
    [
      [1, ['loss/train', 10]],
      [2, ['loss/train', 5]],
      [2, ['recall@10/validation', 0.25]],
      [2, ['recall@10/test', 0.25]],
    ],
  );
  assert.deepEqual(
    [entries[0]?.project, entries[0]?.run, entries[0]?.run_id],
    ['films', 'tiny', 't1'],
  );
  assert.equal(entries[0]?.config.seed, '7');
  assert.deepEqual(await exporter.open(), new Map([['loss/train', 2]]));
});

// Would catch a token that is wrong for a while and costs the run its points for good.
test('a wrong token is tried again', async () => {
  const exporter = exporterOf({ TRACKIO_WRITE_TOKEN: 'old' });
  await assert.rejects(exporter.send([exported(committedLineOf(9))]), (error: Error) => {
    assert.ok(!(error instanceof ExportRefusedError));
    assert.match(error.message, /answered with 400 .*write_token is required/);
    return true;
  });
});
