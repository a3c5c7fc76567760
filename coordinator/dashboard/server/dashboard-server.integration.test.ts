import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import { silentLog } from '../../../shared/log.js';
import type {
  AuditState,
  LedgerState,
  RunAnswer,
  RunChange,
  RunSummary,
  SeriesAnswer,
} from '../data/api.js';
import type { FolderTools } from '../sources/run-source.js';
import { RunsFolder } from '../sources/runs-folder.js';
import type { DashboardAccess } from './access.js';
import { type DashboardServer, startDashboard } from './dashboard-server.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-dashboard-'));
const servers: DashboardServer[] = [];
after(async () => {
  for (const server of servers) await server.close();
  rmSync(folder, { recursive: true });
});

const time = '2026-01-02T03:04:05.678Z';
const owner = { run: 't0123456789abcdef', job: 'j', job_sha256: 'a'.repeat(64) };

const beginning: readonly HistoryLine[] = [
  { kind: 'history', time, committed_steps: 0, schema_version: 1, ...owner },
  {
    ...{ kind: 'started', time, committed_steps: 0, total_steps: 9, members: ['worker-0'] },
    ...{ resumed_from: null, lockstep_version: '1.2.3', node_version: '20.1.0' },
  },
];

const step = (committed_steps: number): HistoryLine => ({
  ...{ kind: 'committed', time, committed_steps, stage: null, loss: 10 - committed_steps },
  ...{ gradient_norm: 1, learning_rate: 0.1, sequences: 4, item_tokens: 100, distinct_items: 3 },
  ...{ item_cosine: 0.1, step_seconds: 0.5, phase_seconds: {}, wait_seconds: 0 },
});

const warning = (text: string): HistoryLine => ({
  kind: 'warning',
  time,
  committed_steps: 1,
  text,
});

const text = (lines: readonly HistoryLine[]): string =>
  lines.map((line) => `${JSON.stringify(line)}\n`).join('');

function writeRun(name: string, ...lines: readonly HistoryLine[]): string {
  const output = join(folder, name);
  mkdirSync(join(output, 'logs'), { recursive: true });
  writeFileSync(join(output, 'history.jsonl'), text([...beginning, ...lines]));
  writeFileSync(join(output, 'job.json'), JSON.stringify({ kind: 'TrainingJob' }));
  writeFileSync(join(output, 'logs', 'worker-0.log'), '{"msg":"one"}\n{"msg":"two"}\n');
  return join(output, 'history.jsonl');
}

const fails = (error: Error): void => assert.fail(error);

async function serve(
  of: string,
  access: DashboardAccess = { token: null },
  onTrouble = fails,
  tools: ((folder: string) => FolderTools) | null = null,
) {
  const sources = new RunsFolder(join(folder, of), { tools, onTrouble });
  await sources.refresh();
  const server = await startDashboard({
    ...{ sources, host: '127.0.0.1', port: 0, access, onTrouble },
    ...{ operatorToken: null, log: silentLog },
  });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

const ask = async <Body>(url: string): Promise<Body> => (await fetch(url)).json() as Promise<Body>;

/** The messages of a stream, each awaited in turn. */
function streamOf(url: string) {
  const messages: { readonly event: string; readonly data: RunChange; readonly id: string }[] = [];
  let wake: () => void = () => undefined;
  const request = get(url, (response) => {
    let rest = '';
    response.setEncoding('utf8').on('data', (piece: string) => {
      const parts = `${rest}${piece}`.split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? '';
        if (field('event') === '') continue;
        messages.push({ event: field('event'), id: field('id'), data: JSON.parse(field('data')) });
      }
      wake();
    });
  });
  request.on('error', () => undefined);
  return {
    async next() {
      while (messages.length === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return messages.shift() as (typeof messages)[number];
    },
    close: () => request.destroy(),
  };
}

test('runs below a folder are listed, and each is told as its history has it', async () => {
  writeRun('list/first', step(1), step(2));
  writeRun('list/deeper/second', step(1), warning('careful'));
  const url = await serve('list');
  const runs = await ask<readonly RunSummary[]>(`${url}/api/runs`);
  assert.deepEqual(runs.map(({ id, loss }) => [id, loss]).sort(), [
    ['deeper~second', 9],
    ['first', 8],
  ]);
  const second = await ask<RunAnswer>(`${url}/api/runs/deeper~second`);
  assert.equal(second.state.run, owner.run);
  assert.deepEqual(
    second.timeline.map(({ kind }) => kind),
    ['started', 'warning'],
  );
  assert.deepEqual(second.job, { kind: 'TrainingJob' });
  const series = await ask<SeriesAnswer>(`${url}/api/runs/first/series?points=10`);
  assert.deepEqual(
    [series.steps, series.means.loss],
    [
      [1, 2],
      [9, 8],
    ],
  );
});

// Would catch one broken run in a folder that keeps all others from being read.
test('a run that cannot be read is told of once, and hides no other', async () => {
  mkdirSync(join(folder, 'broken', 'a', 'history.jsonl'), { recursive: true });
  const history = writeRun('broken/b', step(1));
  const troubles: string[] = [];
  const url = await serve('broken', { token: null }, ({ message }) => troubles.push(message));
  const { version } = await ask<RunAnswer>(`${url}/api/runs/b`);
  const stream = streamOf(`${url}/api/runs/b/events?after=${version}`);
  appendFileSync(history, text([step(2)]));
  assert.equal((await stream.next()).data.state.committedSteps, 2);
  stream.close();
  assert.equal(troubles.length, 1);
  assert.match(troubles[0] ?? '', /it is no file/);
});

// Would catch the history of a month as one message, which is kept for viewers that never come.
test('what was there before anybody looked is no message', async () => {
  writeRun('before', step(1), warning('careful'));
  const url = await serve('before');
  const { version } = await ask<RunAnswer>(`${url}/api/runs/before`);
  assert.match(version, /-0$/);
});

// Would catch a page that shows a run as it was when it was opened.
test('whatever is appended to a history is told to who looks, once', async () => {
  const history = writeRun('live', step(1));
  const url = await serve('live');
  const { version } = await ask<RunAnswer>(`${url}/api/runs/live`);
  const stream = streamOf(`${url}/api/runs/live/events?after=${version}`);
  appendFileSync(history, text([step(2)]));
  const first = await stream.next();
  assert.deepEqual(
    first.data.steps.map(({ committed_steps }) => committed_steps),
    [2],
  );
  appendFileSync(history, text([warning('careful')]));
  const second = await stream.next();
  assert.equal(second.data.steps.length, 0);
  assert.deepEqual(
    second.data.timeline.map(({ kind }) => kind),
    ['warning'],
  );
  stream.close();
  // Who was away for the second one gets it, and not the first one again.
  const back = streamOf(`${url}/api/runs/live/events?after=${first.id}`);
  assert.deepEqual(
    (await back.next()).data.timeline.map(({ kind }) => kind),
    ['warning'],
  );
  back.close();
});

// Would catch a foreign page that has a browser start audits, and two of them side by side.
test('an audit is begun by whoever asks for it, and its state is told', async () => {
  const output = dirname(writeRun('audited', step(1)));
  mkdirSync(join(output, 'ledger'));
  writeFileSync(join(output, 'ledger', 'ledger-00000.jsonl'), 'no line of a ledger\n');
  let state: AuditState = { kind: 'none' };
  const begun: string[] = [];
  const url = await serve('audited', undefined, undefined, (of) => ({
    recommend: () => assert.fail('nothing is asked'),
    audit: {
      state: () => state,
      begin: () => {
        begun.push(of);
        state = { kind: 'runs', since: time };
      },
    },
  }));
  const run = `${url}/api/runs/audited`;
  assert.equal((await ask<RunAnswer>(run)).canAudit, true);
  assert.equal((await fetch(`${run}/audit?begin=yes`)).status, 403);
  const headers = { 'X-Lockstep': 'dashboard' };
  const of = async (path: string) => (await fetch(`${run}/${path}`, { headers })).json();
  assert.deepEqual(await of('audit'), { kind: 'none' });
  assert.deepEqual(await of('audit?begin=yes'), { kind: 'runs', since: time });
  assert.deepEqual(begun, [output]);
  const ledger = (await of('ledger')) as LedgerState;
  assert.deepEqual(
    [ledger.steps, ledger.problems],
    [0, ['ledger-00000.jsonl, line 1: is not JSON']],
  );
  const plain = await serve('live');
  assert.equal((await fetch(`${plain}/api/runs/live/audit`, { headers })).status, 404);
  assert.equal(await (await fetch(`${plain}/api/runs/live/ledger`)).json(), null);
});

// Would catch a viewer that shows steps that a resumed run trains again beside the new ones.
test('a viewer of a history that was begun again, or of another server, asks for all of it', async () => {
  const history = writeRun('again', step(1), step(2));
  const url = await serve('again');
  const stranger = streamOf(`${url}/api/runs/again/events?after=other.0-7`);
  assert.equal((await stranger.next()).event, 'reset');
  stranger.close();
  const { version } = await ask<RunAnswer>(`${url}/api/runs/again`);
  const stream = streamOf(`${url}/api/runs/again/events?after=${version}`);
  writeFileSync(history, text([...beginning, step(1)]));
  assert.equal((await stream.next()).event, 'reset');
  stream.close();
  const { state } = await ask<RunAnswer>(`${url}/api/runs/again`);
  assert.equal(state.committedSteps, 1);
});

// Would catch a file of the machine that an address leads to.
test('only logs of the run are read, and only what exists', async () => {
  const history = writeRun('logs');
  symlinkSync(history, join(folder, 'logs', 'logs', 'elsewhere.log'));
  const url = await serve('logs');
  assert.deepEqual(await ask(`${url}/api/runs/logs/logs`), ['worker-0.log']);
  assert.deepEqual(await ask(`${url}/api/runs/logs/log?name=worker-0.log&lines=1`), [
    '{"msg":"two"}',
  ]);
  for (const name of [
    '../history.jsonl',
    '../../../etc/passwd',
    '',
    'other.log',
    'elsewhere.log',
  ]) {
    assert.deepEqual(await ask(`${url}/api/runs/logs/log?name=${encodeURIComponent(name)}`), []);
  }
  for (const path of [
    '/api/runs/no',
    '/api/runs/no/events',
    '/api/else',
    '/assets/../server/access.js',
  ]) {
    assert.equal((await fetch(`${url}${path}`)).status, 404, path);
  }
  assert.equal((await fetch(`${url}/api/runs`, { method: 'POST' })).status, 405);
  assert.equal((await fetch(`${url}/api/runs/logs/series?from=9&to=1`)).status, 400);
});

test('pages come whole, compressed where they may, and once', async () => {
  writeRun('pages');
  const url = await serve('pages');
  const page = await fetch(`${url}/`);
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/);
  const html = await page.text();
  for (const [, path] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
    const asset = await fetch(`${url}${path}`);
    assert.equal(asset.status, 200, path);
    assert.equal(asset.headers.get('content-encoding'), 'gzip');
    const etag = asset.headers.get('etag') ?? '';
    const again = await fetch(`${url}${path}`, { headers: { 'If-None-Match': etag } });
    assert.equal(again.status, 304);
  }
});

/** Without fetch, which sets the host itself. */
const statusFor = (url: string, headers: Record<string, string>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    get(url, { headers }, (response) => resolve(response.resume())).on('error', reject);
  });

// Would catch a foreign page that reads a run through a name of its own that leads to loopback.
test('without a token only names of loopback are answered', async () => {
  writeRun('names');
  const url = await serve('names');
  assert.equal((await statusFor(`${url}/api/runs`, { host: 'localhost:1' })).statusCode, 200);
  assert.equal((await statusFor(`${url}/api/runs`, { host: '[::1]:1' })).statusCode, 200);
  for (const host of ['evil.example', '127.0.0.1.evil.example', '127.evil.example:1']) {
    assert.equal((await statusFor(`${url}/api/runs`, { host })).statusCode, 403, host);
  }
});

test('with a token nobody is answered who has not shown it', async () => {
  writeRun('token');
  const token = 'c'.repeat(32);
  const url = await serve('token', { token });
  assert.equal((await fetch(`${url}/api/runs`)).status, 403);
  assert.equal((await fetch(`${url}/?token=${'d'.repeat(32)}`)).status, 403);
  const bearer = await fetch(`${url}/api/runs`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(bearer.status, 200);
  const opened = await fetch(`${url}/?token=${token}`, { redirect: 'manual' });
  assert.equal(opened.status, 303);
  assert.equal(opened.headers.get('location'), '/');
  const cookie = (opened.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  assert.equal((await fetch(`${url}/api/runs`, { headers: { cookie } })).status, 200);
});

// Would catch a stranger who fills the log with traces, or leads a browser with the token to a server of theirs.
test('an address that is none is answered, and none leads elsewhere', async () => {
  const url = await serve('list', { token: 'secret' });
  const { port } = new URL(url);
  const answer = async (path: string) => {
    const request = get({ port, path, headers: { cookie: '' } });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.resume();
    return [response.statusCode, response.headers.location];
  };
  assert.deepEqual(await answer('//'), [403, undefined]);
  assert.deepEqual(await answer('//[/'), [403, undefined]);
  assert.deepEqual(await answer('http://['), [400, undefined]);
  for (const path of ['/', '//other/', '/.//other/', '/\\\\other/']) {
    const [status, location] = await answer(`${path}?token=secret`);
    assert.equal(status, 303);
    assert.match(String(location), /^\/(other\/)?$/);
  }
});
