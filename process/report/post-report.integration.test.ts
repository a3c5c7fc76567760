import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { hasSeal } from '../../shared/messages/job-report-seal.js';
import { millis } from '../../shared/units.js';
import { postReport } from './post-report.js';
import type { ReportOptions } from './report-options.js';

const key = Buffer.alloc(32, 7);
const body = new TextEncoder().encode('{"a":1}');

async function withServer(
  listener: RequestListener,
  work: (options: ReportOptions, server: Server) => Promise<void>,
): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await work(
      { url: new URL(`http://127.0.0.1:${port}/v1/reports/a/b/uid`), uid: 'uid', key },
      server,
    );
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

// Would catch a seal of other bytes than those that are sent, and a last report that never leaves because of
// what is left of its time.
test('it posts exactly what it seals, whatever fraction its time has', async () => {
  const seen: unknown[] = [];
  const listener: RequestListener = async (request, response) => {
    const bytes = await buffer(request);
    const { authorization } = request.headers;
    seen.push([request.method, request.url, hasSeal(authorization, key, bytes), bytes.toString()]);
    response.writeHead(204).end();
  };
  await withServer(listener, async (options) => {
    await postReport(options, body, millis(5000));
    await postReport(options, body, millis(4999.6795));
  });
  const expected = ['POST', '/v1/reports/a/b/uid', true, '{"a":1}'];
  assert.deepEqual(seen, [expected, expected]);
});

// Would catch a refusal, or a way to somewhere else, that counts as told.
test('any other answer than "taken" is a failure', async () => {
  for (const status of [302, 401, 404, 500]) {
    await withServer(
      (_request, response) => void response.writeHead(status, { location: '/x' }).end('no'),
      (options) =>
        assert.rejects(
          postReport(options, body, millis(5000)),
          new RegExp(`answered with ${status}`),
        ),
    );
  }
});

// Would catch a coordinator that keeps a connection for each report that nobody answers.
test('a receiver that does not answer is given up', async () => {
  await withServer(
    () => undefined,
    (options) => assert.rejects(postReport(options, body, millis(50)), /no answer within 50 ms/),
  );
});

test('a receiver that is not there is told', async () => {
  let closed: ReportOptions | null = null;
  await withServer(
    () => undefined,
    async (options) => {
      closed = options;
    },
  );
  await assert.rejects(
    postReport(closed as unknown as ReportOptions, body, millis(5000)),
    /ECONNREFUSED/,
  );
});
