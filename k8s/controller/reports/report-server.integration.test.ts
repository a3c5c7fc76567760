/** The server of reports over real connections: what it says to whom. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { encodeJobReport, jobReportBytes } from '../../../shared/messages/job-report.js';
import { aReport } from '../../../shared/messages/job-report-fixture.js';
import { sealOf } from '../../../shared/messages/job-report-seal.js';
import { runOfObject } from '../../names.js';
import { type ReportServer, startReportServer } from './report-server.js';

const key = Buffer.alloc(32, 1);
const uid = 'uid-of-movies';
const taken: string[] = [];
const clock = { now: 0 };
let onKey = (): void => undefined;
let server: ReportServer;

before(async () => {
  server = await startReportServer({
    host: '127.0.0.1',
    port: 0,
    keyOf(namespace, name, of) {
      onKey();
      return namespace === 'research' && name === 'movies' && of === uid ? key : null;
    },
    onReport: (namespace, name, { sequence }) => {
      taken.push(`${namespace}/${name} ${sequence}`);
      return sequence > 1;
    },
    onAnswer: () => undefined,
    now: () => clock.now,
  });
});
after(() => server.close());

const body = (sequence: number) =>
  encodeJobReport(aReport({ uid, runId: runOfObject(uid), sequence }));

async function post(path: string, content: Uint8Array, seal = sealOf(key, content)) {
  clock.now += 1_000;
  return postAtOnce(path, content, seal);
}

async function postAtOnce(path: string, content: Uint8Array, seal = sealOf(key, content)) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: { authorization: seal },
    body: content as never,
  });
  return response.status;
}

const path = `/v1/reports/research/movies/${uid}`;

test('a report of a job that there is arrives, and an old one is told so', async () => {
  assert.equal(await post(path, body(2)), 204);
  assert.equal(await post(path, body(1)), 409);
  assert.deepEqual(taken, ['research/movies 2', 'research/movies 1']);
});

test('whoever else comes is told what is wrong', async () => {
  assert.equal(await post(path, body(3), 'LockstepReport 00'), 401);
  assert.equal(await post('/v1/reports/research/movies/other', body(3)), 404);
  assert.equal(await post('/v1/reports/../secret', body(3)), 404);
  assert.equal((await fetch(`http://127.0.0.1:${server.port}${path}`)).status, 405);
  assert.equal(taken.length, 2);
});

// Would catch a controller whose memory anyone in the cluster can fill.
test('a body that is too long is refused, whether it says so or not', async () => {
  const long = new Uint8Array(jobReportBytes + 1);
  assert.equal(await post(path, long), 413);
  const pieces = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(64 * 1024));
    },
  });
  const answer = fetch(`http://127.0.0.1:${server.port}${path}`, {
    method: 'POST',
    headers: { authorization: 'x' },
    body: pieces,
    duplex: 'half',
  } as never);
  // The answer may be lost with the connection; what must not be is an end that never comes.
  const status = await answer.then(
    (response) => response.status,
    () => 413,
  );
  assert.equal(status, 413);
});

// Would catch a job whose owner keeps the controller busy with valid reports, and one that a stranger keeps quiet.
test('reports of a job that come too fast are refused, forged ones do not count', async () => {
  assert.equal(await post(path, body(4)), 204);
  assert.equal(await postAtOnce(path, body(5)), 429);
  clock.now += 1_000;
  assert.equal(await postAtOnce(path, body(5), 'LockstepReport 00'), 401);
  assert.equal(await postAtOnce(path, body(5)), 204);
});

// Would catch a controller whose memory a tenant fills by a thousand bodies that never end.
test('of one job only so many bodies are read at once', async () => {
  const content = body(6);
  const begin = async () => {
    const isRead = new Promise<void>((resolve) => {
      onKey = resolve;
    });
    const headers = { authorization: sealOf(key, content), 'content-length': content.length };
    const sending = request(`http://127.0.0.1:${server.port}${path}`, { method: 'POST', headers });
    const answered = once(sending, 'response');
    sending.write(content.subarray(0, 10));
    await isRead;
    return { answered, finish: () => sending.end(content.subarray(10)) };
  };
  const [one, other] = [await begin(), await begin()];
  assert.equal(await post(path, content), 429);
  one.finish();
  const [response] = await one.answered;
  assert.equal(response.statusCode, 204);
  response.resume();
  assert.equal(await post(path, body(7)), 204);
  other.finish();
  (await other.answered)[0].resume();
});
