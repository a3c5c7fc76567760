import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { z } from 'zod';
import { HttpAnswerError, requestJson } from './http-json.js';

const expected = z.object({ step: z.number() });

async function ask(t: TestContext, answers: RequestListener) {
  const server = createServer(answers).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  const headers = { authorization: 'Bearer top-secret-token', 'x-write-token': 'another-secret' };
  return requestJson({ method: 'POST', url, headers, body: {} }, expected);
}

test('what was asked for is answered', async (t) => {
  const answer = await ask(t, (_request, response) => response.end('{"step":7,"more":1}'));
  assert.deepEqual(answer, { step: 7 });
});

// Would catch a server that keeps sending and takes the memory of the whole training with it.
test('an answer without an end is given up', async (t) => {
  const piece = Buffer.alloc(1024 * 1024, 'x');
  const answer = ask(t, (_request, response) => {
    const more = (): void => {
      if (!response.destroyed) response.write(piece, () => setImmediate(more));
    };
    more();
  });
  await assert.rejects(answer, /cannot be reached \(an answer of more than 16777216 bytes\)/);
});

// Would catch a secret in history.jsonl, where the warning of a refusal quotes what the server was sent.
test('what a server says is told on one line, and without the secrets that it was sent', async (t) => {
  const answer = ask(t, ({ headers }, response) => {
    response
      .writeHead(401)
      .end(`no\n\u001b[31m${headers.authorization}, ${headers['x-write-token']}`);
  });
  await assert.rejects(answer, ({ message }: Error) => {
    assert.match(message, /was answered with 401 \(no \[31mBearer \.\.\., \.\.\.\)$/);
    return true;
  });
});

// Would catch a warning of twenty lines of JSON, which tells what a parser thought.
test('another program at that address is told in one line', async (t) => {
  for (const other of ['<html>', '{"a":1}', 'null']) {
    await assert.rejects(
      ask(t, (_request, response) => response.end(other)),
      (error) => {
        assert.ok(error instanceof HttpAnswerError);
        assert.match(error.message, /was answered with 200 \(not in the words of its API\)$/);
        return true;
      },
    );
  }
});
