import assert from 'node:assert/strict';
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
import { TrackioServerFixture } from './trackio-server-fixture.js';

const server = new TrackioServerFixture('secret');
const url = await server.listen();
after(() => server.close());

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
  const entries = [...server.entries.values()];
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
