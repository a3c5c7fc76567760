import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fetchWheel, progressText } from './fetch-wheel.mjs';
import { hasEnvironment } from './python-packages.mjs';

const name = 'lockstep_probe-1.0.0-py3-none-any.whl';
const content = Buffer.alloc(3_000_000, 'wheel');
const sha256 = createHash('sha256').update(content).digest('hex');

/** A package index with one wheel; `cutAt` ends the first transfer there. */
async function startIndex(t, { cutAt = content.length, hash = sha256 } = {}) {
  const ranges = [];
  const server = createServer((request, response) => {
    if (request.url === '/simple/lockstep-probe/') {
      response.setHeader('content-type', 'text/html');
      response.end(`<a href="/${name}#sha256=${hash}">${name}</a>`);
      return;
    }
    if (request.url !== `/${name}`) {
      response.writeHead(404).end();
      return;
    }
    ranges.push(request.headers.range ?? null);
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (start >= content.length) {
      response.writeHead(416).end();
      return;
    }
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': content.length - start });
    if (ranges.length > 1 || cutAt === content.length) response.end(content.subarray(start));
    else response.write(content.subarray(start, cutAt), () => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-wheel-'));
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  const environment = {
    PIP_CONFIG_FILE: '/dev/null',
    PIP_INDEX_URL: `http://127.0.0.1:${server.address().port}/simple`,
    PIP_EXTRA_INDEX_URL: '',
    PIP_FIND_LINKS: '',
    PIP_RETRIES: '0',
    no_proxy: '127.0.0.1',
  };
  return { folder, environment, ranges };
}

const options = {
  skip: hasEnvironment() ? false : 'libtorch and nats-server are given: no Python',
};

// Would catch a set-up that begins half a gigabyte again because a lid was closed.
test(
  'an interrupted wheel goes on where it was, and a finished one is kept',
  options,
  async (t) => {
    const { folder, environment, ranges } = await startIndex(t, { cutAt: 1_000_000 });
    const said = [];
    const say = (line) => said.push(line);
    const fetched = () => fetchWheel(['lockstep-probe==1.0.0'], say, { folder, environment });
    await assert.rejects(fetched(), { name: 'StepFailedError' });
    const path = await fetched();
    assert.equal(path, join(folder, name));
    assert.deepEqual(readFileSync(path), content);
    const resumedAt = Number(/^bytes=(\d+)-$/.exec(ranges[1])?.[1]);
    assert.ok(resumedAt > 0 && resumedAt <= 1_000_000, ranges[1]);
    assert.match(
      said.join('\n'),
      /fetches lockstep_probe.* of 3 MB\n.*goes on with lockstep_probe/,
    );
    assert.equal(await fetched(), path);
    assert.equal(ranges.length, 2);
  },
);

// Would catch a wheel that is installed although a proxy or a disk has changed it.
test(
  'a wheel whose bytes are not those of the index is refused and removed',
  options,
  async (t) => {
    const { folder, environment } = await startIndex(t, { hash: '0'.repeat(64) });
    await assert.rejects(
      fetchWheel(['lockstep-probe==1.0.0'], () => {}, { folder, environment }),
      /it should be 0000/,
    );
    assert.equal(existsSync(join(folder, `${name}.partial`)), false);
  },
);

// Would catch a machine that has a smaller build in a folder and fetches the large one all the same.
test(
  'the first requirement that a source has is taken, from a local folder too',
  options,
  async (t) => {
    const { folder, environment, ranges } = await startIndex(t);
    const links = join(folder, 'links');
    mkdirSync(links);
    const local = 'lockstep_probe-1.0.0+cpu-py3-none-any.whl';
    writeFileSync(join(links, local), 'small');
    const path = await fetchWheel(
      ['lockstep-probe==1.0.0+cpu', 'lockstep-probe==1.0.0'],
      () => {},
      { folder, environment: { ...environment, PIP_FIND_LINKS: links } },
    );
    assert.equal(readFileSync(path, 'utf8'), 'small');
    assert.deepEqual(ranges, []);
    await assert.rejects(
      fetchWheel(['lockstep-absent==1'], () => {}, { folder, environment }),
      /sources have no lockstep-absent==1/,
    );
  },
);

test('progress names what is there, the rate and the seconds that are left', () => {
  assert.equal(
    progressText({ kind: 'fetched', done: 250e6, total: 500e6, rate: 10e6 }),
    'fetched 250 MB at 10.0 MB/s: 25 s left',
  );
  assert.equal(
    progressText({ kind: 'begins', name: 'a.whl', done: 0, total: null }),
    'fetches a.whl of unknown size',
  );
  assert.equal(progressText({ kind: 'wheel', path: 'a.whl' }), null);
});
