/** Operators over HTTP, as a browser asks and as others would. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, test } from 'node:test';
import type { Log } from '../../../../shared/log.js';
import { silentLog } from '../../../../shared/log.js';
import type { Action, RunAnswer } from '../../data/api.js';
import { LogRun } from '../../sources/log-run.js';
import type { ActionOutcome } from '../../sources/run-source.js';
import { type DashboardServer, startDashboard } from '../dashboard-server.js';
import { failedTriesMax } from './operator-sessions.js';
import { bodyBytesMax } from './read-json.js';

const token = 'o'.repeat(32);
const viewersToken = 'v'.repeat(32);
const servers: DashboardServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
});

interface Served {
  readonly operatorToken?: string | null;
  readonly viewers?: string | null;
  readonly outcome?: ActionOutcome;
  readonly log?: Log;
}

/** A run that is asked, and remembers for what. */
async function serve({ log = silentLog, operatorToken = token, outcome, viewers }: Served = {}) {
  const asked: { readonly action: Action; readonly by: string }[] = [];
  const sources = new LogRun({
    ...{ run: 't0123456789abcdef', folder: null, versions: { lockstep: '1', node: '20' } },
    job: { name: 'books', sha256: 'a'.repeat(64), spec: {} },
    actions: {
      ask: async (action, by) => {
        asked.push({ action, by });
        return outcome ?? { kind: 'taken', text: 'done' };
      },
    },
  });
  const server = await startDashboard({
    ...{ sources, host: '127.0.0.1', port: 0, access: { token: viewers ?? null } },
    ...{ operatorToken, log, onTrouble: (error) => assert.fail(error) },
  });
  servers.push(server);
  return { asked, sources, port: server.port };
}

interface Reply {
  readonly status: number;
  readonly body: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Without fetch, which says itself what a page may not say. */
function send(
  port: number,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const own = {
    ...{ Host: `127.0.0.1:${port}`, Origin: `http://127.0.0.1:${port}` },
    ...{ 'Content-Type': 'application/json', 'Sec-Fetch-Site': 'same-origin', ...headers },
  };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers: own };
    const sent = request(
      { ...options, method: body === undefined ? 'GET' : 'POST' },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece: string) => {
          text += piece;
        });
        response.on('end', () => {
          const { headers: got, statusCode = 0 } = response;
          resolve({ status: statusCode, body: JSON.parse(text), headers: got });
        });
      },
    );
    sent.on('error', reject);
    sent.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
}

const actionsPath = '/api/runs/books/actions';
const pause = { kind: 'pause' };

/** Headers of who is signed in. */
async function signIn(port: number, name = 'Ann', more: Readonly<Record<string, string>> = {}) {
  const { body, headers, status } = await send(
    port,
    '/api/operator/sign-in',
    { token, name },
    more,
  );
  assert.equal(status, 200);
  const [cookie = ''] = (headers['set-cookie'] as string[] | undefined) ?? [];
  assert.match(cookie, /; HttpOnly; SameSite=Strict; Path=\/; Max-Age=28800$/);
  assert.ok(!cookie.includes(token) && !JSON.stringify(body).includes(token));
  const pair = cookie.split(';')[0] ?? '';
  assert.ok(pair.startsWith(`lockstep_operator${port}=`));
  return { Cookie: pair, 'X-Lockstep-Operator': body.proof ?? '' };
}

test('an operator signs in, acts by a name, and signs out', async () => {
  const { asked, port } = await serve();
  assert.deepEqual((await send(port, '/api/operator', undefined)).body, { name: null });
  const session = await signIn(port);
  assert.deepEqual((await send(port, '/api/operator', undefined, session)).body, { name: 'Ann' });
  const { body, status } = await send(port, actionsPath, pause, session);
  assert.deepEqual([status, body], [200, { said: 'done' }]);
  assert.deepEqual(asked, [{ action: pause, by: 'Ann (dashboard)' }]);
  const out = await send(port, '/api/operator/sign-out', {}, session);
  assert.match(String(out.headers['set-cookie']), /=; HttpOnly.*Max-Age=0/);
  assert.equal((await send(port, actionsPath, pause, session)).status, 403);
  assert.equal(asked.length, 1);
});

// Would catch an action by whoever may look, and by a page that has an operator's browser ask.
test('nobody acts without a session, or from another page', async () => {
  const { asked, port } = await serve();
  const session = await signIn(port);
  const { Cookie, 'X-Lockstep-Operator': proof } = session;
  const foreign: Readonly<Record<string, string>>[] = [
    {},
    { Cookie },
    { 'X-Lockstep-Operator': proof },
    { Authorization: `Bearer ${token}` },
    { ...session, Origin: 'http://127.0.0.1:1' },
    { ...session, Origin: 'null' },
    { ...session, 'Sec-Fetch-Site': 'same-site' },
    { ...session, 'Content-Type': 'text/plain' },
    // A name of its own that leads here: with the origin that belongs to it.
    { ...session, Host: 'evil.example', Origin: 'http://evil.example' },
    { ...session, Host: '127.0.0.1.evil.example', Origin: 'http://127.0.0.1.evil.example' },
    { ...session, Cookie: `lockstep_operator${port}=%` },
  ];
  for (const headers of foreign) {
    const { status } = await send(port, actionsPath, pause, headers);
    assert.equal(status, 403, JSON.stringify(headers));
  }
  assert.deepEqual(asked, []);
});

// Would catch a token in the one address that every process on the way keeps.
test('the token is taken from the body of a sign-in and from nowhere else', async () => {
  const { port } = await serve();
  const query = await send(port, `/api/operator/sign-in?token=${token}`, { name: 'Ann' });
  assert.equal(query.status, 400);
  const wrong = await send(port, '/api/operator/sign-in', { token: `${token}o` });
  assert.equal(wrong.status, 403);
  assert.equal(wrong.headers['set-cookie'], undefined);
});

test('wrong tokens are counted, told to the log, and then nobody is listened to', async () => {
  const warned: string[] = [];
  const log = { ...silentLog, warn: (_: object, text: string) => void warned.push(text) };
  const { port } = await serve({ log });
  for (let tries = 0; tries < failedTriesMax; tries++) {
    await send(port, '/api/operator/sign-in', { token: `wrong ${tries}` });
  }
  const { headers, status } = await send(port, '/api/operator/sign-in', { token });
  assert.equal(status, 429);
  assert.ok(Number(headers['retry-after']) > 0);
  assert.ok(warned.length > 0 && !warned.some((text) => text.includes('wrong 0')));
});

test('where there is no token of operators nobody acts, and the page knows', async () => {
  const { asked, port } = await serve({ operatorToken: null });
  const refused = await send(port, '/api/operator/sign-in', { token: '' });
  assert.equal(refused.status, 403);
  assert.match(refused.body.error ?? '', /LOCKSTEP_DASHBOARD_OPERATOR_TOKEN_FILE/);
  assert.equal((await send(port, actionsPath, pause)).status, 403);
  const answer = (await send(port, '/api/runs/books', undefined)).body as unknown as RunAnswer;
  assert.equal(answer.acting, 'not-set-up');
  assert.deepEqual(asked, []);
});

// Would catch an operators' token that opens what only viewers may see, or the other way round.
test('who may look and who may act are two questions', async () => {
  const { asked, port } = await serve({ viewers: viewersToken });
  const viewer = { Authorization: `Bearer ${viewersToken}` };
  assert.equal((await send(port, '/api/operator/sign-in', { token })).status, 403);
  const session = await signIn(port, 'Ann', viewer);
  assert.equal((await send(port, actionsPath, pause, session)).status, 403);
  assert.equal((await send(port, actionsPath, pause, viewer)).status, 403);
  assert.equal((await send(port, actionsPath, pause, { ...viewer, ...session })).status, 200);
  assert.equal(asked.length, 1);
});

test('what is no action, too long, or cannot be done now is refused with the reason', async () => {
  const { asked, port } = await serve();
  const session = await signIn(port);
  const statusOf = async (body: unknown, path = actionsPath): Promise<number> =>
    (await send(port, path, body, session)).status;
  assert.equal(await statusOf({ kind: 'remove' }), 400);
  assert.equal(await statusOf('{'), 400);
  assert.equal(await statusOf('[]'), 400);
  assert.equal(await statusOf({ ...pause, more: 'x'.repeat(bodyBytesMax) }), 400);
  assert.equal(await statusOf(pause, '/api/runs/other/actions'), 404);
  assert.equal(await statusOf({ kind: 'drain', worker: 'nobody' }), 409);
  assert.equal(await statusOf(pause, '/api/runs/books/else'), 405);
  assert.deepEqual(asked, []);
});

test('what the lead of the run answers is what the page is told', async () => {
  const refused = await serve({ outcome: { kind: 'refused', text: 'it ends' } });
  const reply = await send(refused.port, actionsPath, pause, await signIn(refused.port));
  assert.deepEqual([reply.status, reply.body.error], [409, 'it ends']);
  const silent = await serve({ outcome: { kind: 'unanswered', text: 'nobody' } });
  const none = await send(silent.port, actionsPath, pause, await signIn(silent.port));
  assert.deepEqual([none.status, none.body.error], [504, 'nobody']);
});

test('behind TLS a cookie is for TLS alone', async () => {
  const { port } = await serve({ viewers: viewersToken });
  const from = { Host: 'runs.example', Origin: 'https://runs.example' };
  const viewer = { Authorization: `Bearer ${viewersToken}`, ...from };
  const { headers } = await send(port, '/api/operator/sign-in', { token }, viewer);
  assert.match(String(headers['set-cookie']), /^lockstep_operator=.*; Secure$/);
});
