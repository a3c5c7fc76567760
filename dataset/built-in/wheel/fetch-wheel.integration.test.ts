/** Against a package index that really answers, on this machine. */
import assert from 'node:assert/strict';
import { createServer, request as forward } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { fetchWheel } from './fetch-wheel.js';
import type { Fetched } from './from-index.js';
import { type IndexServer, indexServer, type Misbehaviour, probe } from './index-server-fixture.js';
import { knowsProxies } from './proxies.js';
import { wheelBytes } from './wheel.js';

const contents = Buffer.from('the bytes of a wheel');
const limits = { total: 20_000, idle: 10_000, pauses: [1, 1, 1] };
const noPip = async (): Promise<Fetched | null> => null;

const fetchFrom = (
  url: string,
  more: { limits?: typeof limits; environment?: Record<string, string> } = {},
): Promise<Buffer> =>
  fetchWheel(probe, {
    pip: noPip,
    limits: more.limits ?? limits,
    environment: { LOCKSTEP_PACKAGE_INDEX: url, ...more.environment },
  });

const paths = ({ requests }: IndexServer): unknown[] => requests.map(({ url }) => url);

const failure = (fetching: Promise<Buffer>): Promise<Error & { code?: string }> =>
  fetching.then(
    () => assert.fail('it was fetched'),
    (error) => error,
  );

test('a wheel is fetched without Python, by two requests', async (context) => {
  const server = await indexServer(context, contents);
  assert.deepEqual(await fetchFrom(server.url), contents);
  assert.deepEqual(paths(server), ['/simple/probe/', '/files/probe']);
  assert.match(server.requests[0]?.headers.accept ?? '', /simple\.v1\+json/);
});

// Would catch: the index of one who has set it, passed over for what pip is configured for; and a pip.conf
// that is passed over because there is another way.
test('our own variable goes before pip, and pip before its own variable', async (context) => {
  const server = await indexServer(context, contents);
  const fetched = { kind: 'fetched', wheel: Buffer.from("pip's") } as const;
  const pip = async (): Promise<Fetched> => fetched;
  const [ours, pips] = [{ LOCKSTEP_PACKAGE_INDEX: server.url }, { PIP_INDEX_URL: server.url }];
  assert.deepEqual(await fetchWheel(probe, { pip, limits, environment: ours }), contents);
  assert.deepEqual(await fetchWheel(probe, { pip, limits, environment: pips }), fetched.wheel);
  const without = { pip: noPip, limits, environment: pips };
  assert.deepEqual(await fetchWheel(probe, without), contents);
  const failed = async (): Promise<Fetched> => ({ kind: 'failed', why: 'pip has no network' });
  const { message } = await failure(fetchWheel(probe, { pip: failed, limits, environment: pips }));
  assert.match(message, /pip has no network: set LOCKSTEP_PACKAGE_INDEX/);
});

// Would catch: an hour's training that is lost to a proxy's moment of weakness.
test('what may pass is tried again: errors of the server, broken connections, damaged copies', async (context) => {
  const weak: Record<string, Misbehaviour> = {
    'an error': (_request, response, earlier) => {
      if (earlier > 1) return false;
      response.writeHead(earlier === 0 ? 503 : 429).end();
      return true;
    },
    'a cut': ({ url }, response, earlier) => {
      if (url !== '/files/probe' || earlier > 0) return false;
      response.writeHead(200, { 'content-length': contents.length });
      response.write(contents.subarray(0, 5), () => response.destroy());
      return true;
    },
    damage: ({ url }, response, earlier) => {
      if (url !== '/files/probe' || earlier > 0) return false;
      response.end('something else');
      return true;
    },
  };
  for (const [name, misbehave] of Object.entries(weak)) {
    const server = await indexServer(context, contents, misbehave);
    assert.deepEqual(await fetchFrom(server.url), contents, name);
  }
});

test('what will not pass is asked for once, and the answer is told', async (context) => {
  const refusing = await indexServer(context, contents, (_request, response) => {
    response.writeHead(403).end();
    return true;
  });
  const { message, code } = await failure(fetchFrom(refusing.url));
  assert.equal(code, 'FETCH_FAILED');
  assert.match(message, /Cannot fetch probe-1\.0-py3-none-any\.whl: .*answered with 403/);
  assert.match(message, /of LOCKSTEP_PACKAGE_INDEX failed/);
  assert.match(message, /spec\.data\.path/);
  assert.equal(refusing.requests.length, 1);
});

test('a page without the file, or that is none, is told as such', async (context) => {
  const empty = await indexServer(context, contents, (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('{"files":[]}');
    return true;
  });
  assert.match((await failure(fetchFrom(empty.url))).message, /does not list probe-1\.0/);
  const other = await indexServer(context, contents, (_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end('"sign in"');
    return true;
  });
  assert.match((await failure(fetchFrom(other.url))).message, /is no page of a package index/);
});

// Would catch: tries without end, and an error that does not say what could not be reached.
test('an index that nobody serves is given up after its tries, by its address', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const url = `http://user:secret@127.0.0.1:${port}/simple`;
  const { message } = await failure(fetchFrom(url));
  assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port}/simple/`));
  assert.match(message, /ECONNREFUSED.*in try 4/);
  assert.doesNotMatch(message, /secret/);
});

// Would catch: a server that fills the memory, one that says nothing, and one that drips for ever.
test('size, silence and time are bounded', async (context) => {
  const endless: Misbehaviour = ({ url }, response) => {
    if (url !== '/files/probe') return false;
    const part = Buffer.alloc(1024 * 1024);
    const more = (): void => {
      while (!response.destroyed && response.write(part));
    };
    response.on('drain', more);
    more();
    return true;
  };
  const large = await indexServer(context, contents, endless);
  assert.match(
    (await failure(fetchFrom(large.url))).message,
    new RegExp(`more than ${wheelBytes}`),
  );
  const silent = await indexServer(context, contents, () => true);
  const impatient = { total: 20_000, idle: 20, pauses: [] };
  const { message } = await failure(fetchFrom(silent.url, { limits: impatient }));
  assert.match(message, /nothing came for 0\.02 s/);
  const short = { total: 20, idle: 20_000, pauses: [1, 1] };
  assert.match((await failure(fetchFrom(silent.url, { limits: short }))).message, /out of time/);
});

// Would catch: mirrors that answer from a store elsewhere, and a password that follows there.
test('redirects are followed, a loop is not, and who is redirected to gets no password', async (context) => {
  const store = await indexServer(context, contents);
  const base = new URL('/files/probe', store.url);
  const mirror = await indexServer(context, contents, ({ url }, response) => {
    if (url !== '/files/probe') return false;
    response.writeHead(302, { location: base.href }).end();
    return true;
  });
  const withPassword = mirror.url.replace('http://', 'http://user:secret@');
  assert.deepEqual(await fetchFrom(withPassword), contents);
  const basic = `Basic ${Buffer.from('user:secret').toString('base64')}`;
  const authorizations = mirror.requests.map(({ headers }) => headers.authorization);
  assert.deepEqual(authorizations, [basic, basic]);
  assert.equal(store.requests[0]?.headers.authorization, undefined);
  const loop = await indexServer(context, contents, ({ url }, response) => {
    response.writeHead(302, { location: url }).end();
    return true;
  });
  assert.match((await failure(fetchFrom(loop.url))).message, /redirects more than 5 times/);
});

test('a proxy of the environment is gone through, but for what NO_PROXY names', {
  skip: knowsProxies(process.versions.node) ? false : 'this Node.js does not know proxies',
}, async (context) => {
  const server = await indexServer(context, contents);
  const proxy = await openProxy(context);
  const through = { HTTP_PROXY: proxy.url };
  assert.deepEqual(await fetchFrom(server.url, { environment: through }), contents);
  assert.equal(proxy.seen.length, 2);
  const beside = { ...through, NO_PROXY: '127.0.0.1' };
  assert.deepEqual(await fetchFrom(server.url, { environment: beside }), contents);
  assert.equal(proxy.seen.length, 2);
});

/** Requests for plain HTTP name the whole address. */
async function openProxy(context: TestContext): Promise<{ url: string; seen: string[] }> {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const target = request.url ?? '';
    seen.push(target);
    forward(target, { headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}
