import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { mebibytes } from '../../shared/units.js';
import { piecesOf } from '../pieces.js';
import { StorageError, StoreRefusedError } from '../storage-error.js';
import type { S3Bucket } from './bucket.js';
import { openBucket } from './open-bucket.js';
import { noS3Server, startS3Server } from './s3-server-fixture.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return Buffer.concat(parts);
}

// One server for all: it takes longer to start than all of these together.
test('a bucket of a real server', { skip: noS3Server }, async (context) => {
  const server = await startS3Server(context);
  await server.makeBucket('lockstep-bucket');
  const bucket = await openBucket('lockstep-bucket', server.environment);

  // Catches: parts in the wrong order, one that is overwritten while it travels, a digest of less.
  await context.test(
    'a large object travels in parts, and any range of it comes back',
    async () => {
      const bytes = new Uint8Array(mebibytes(11) + 5);
      for (let at = 0; at < bytes.length; at += 4096) bytes[at] = at / 4096;
      const pieces = [...piecesOf({ begin: 0, end: bytes.length }, 3_000_000)];
      // Whoever makes the pieces uses the same memory for each.
      const memory = new Uint8Array(3_000_000);
      function* lent() {
        for (const { begin, end } of pieces) {
          memory.set(bytes.subarray(begin, end));
          yield memory.subarray(0, end - begin);
        }
      }
      const digest = await bucket.upload('large', lent(), mebibytes(5));
      assert.deepEqual(digest, { bytes: bytes.length, sha256: sha256(bytes) });
      assert.equal((await bucket.look('large'))?.bytes, bytes.length);
      const all = await collect(bucket.read('large', { begin: 0, end: bytes.length }));
      assert.equal(sha256(all), digest.sha256);
      const middle = { begin: mebibytes(5) - 3, end: mebibytes(5) + 9000 };
      const found = await collect(bucket.read('large', middle));
      assert.deepEqual(found, Buffer.from(bytes.subarray(middle.begin, middle.end)));
    },
  );

  // Catches: half an object under its name, and parts that nobody will ever pay attention to again.
  await context.test('an upload that its source ends leaves nothing', async () => {
    async function* failing() {
      yield new Uint8Array(mebibytes(6));
      throw new Error('no more');
    }
    await assert.rejects(bucket.upload('half', failing(), mebibytes(5)), /^Error: no more$/);
    assert.equal(await bucket.look('half'), null);
    await bucket.abandonUploads('', Number.POSITIVE_INFINITY);
  });

  // Catches: a late write of a writer that is none any more, which covers the newer one.
  await context.test('a write happens only where its condition holds', async () => {
    const [first, second] = ['first', 'second'].map((text) => Buffer.from(text)) as [
      Buffer,
      Buffer,
    ];
    assert.equal(await bucket.put('manifest', first, { kind: 'absent' }), true);
    assert.equal(await bucket.put('manifest', second, { kind: 'absent' }), false);
    const { etag } = (await bucket.look('manifest')) as { etag: string };
    assert.equal(await bucket.put('manifest', second, { kind: 'etag', etag }), true);
    assert.equal(await bucket.put('manifest', first, { kind: 'etag', etag }), false);
    assert.equal(await bucket.text('manifest', 100), 'second');
  });

  // Catches: an absent object that ends a run, and an empty one that cannot be read.
  await context.test('what is absent, empty or short is no failure', async () => {
    assert.equal(await bucket.look('none'), null);
    assert.equal(await bucket.text('none', 100), null);
    await bucket.remove(['none']);
    await bucket.upload('empty', []);
    assert.equal(await bucket.text('empty', 100), '');
    assert.equal((await collect(bucket.read('empty', { begin: 0, end: 10 }))).length, 0);
    const keys = (await bucket.list('e')).map(({ key }) => key);
    assert.deepEqual(keys, ['empty']);
    await bucket.remove(['empty']);
    assert.deepEqual(await bucket.list('e'), []);
  });

  // Catches: a run that trains for an hour before it hears that its key is wrong; a key in a message.
  await context.test(
    'who is not let in hears it as a wrong setting, without the secret',
    async () => {
      const secret = 'not-the-secret-of-the-store';
      const { environment } = server;
      const wrong = await openBucket('lockstep-bucket', {
        ...environment,
        AWS_SECRET_ACCESS_KEY: secret,
      });
      const works: (() => Promise<unknown>)[] = [
        () => wrong.list('x'),
        () => wrong.look('x'),
        () => wrong.put('x', new Uint8Array(1)),
      ];
      for (const work of works) {
        const error = await work().catch((reason: unknown) => reason);
        assert.ok(error instanceof StoreRefusedError, String(error));
        assert.match(error.message, /s3:\/\/lockstep-bucket\/x: the store answered 403/);
        assert.ok(!JSON.stringify([error.message, error.stack]).includes(secret));
      }
      const nowhere = await openBucket('no-such-bucket-here', environment);
      await assert.rejects(nowhere.list(''), {
        name: 'StoreRefusedError',
        message:
          /^Cannot list s3:\/\/no-such-bucket-here\/: .*NoSuchBucket.*must give access to a bucket/,
      });
    },
  );
});

async function serve(context: TestContext, answer: RequestListener): Promise<S3Bucket> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  return at(port);
}

const at = (port: number): Promise<S3Bucket> =>
  openBucket('lockstep-bucket', {
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_MAX_ATTEMPTS: '4',
  });

// Catches: one bad answer of a busy store that ends a run of days.
test('a server that fails for a while is asked again', async (context) => {
  let asked = 0;
  const bucket = await serve(context, (request, response) => {
    request.resume().on('end', () => response.writeHead(asked++ < 2 ? 500 : 200).end());
  });
  assert.equal(await bucket.put('key', new Uint8Array(3)), true);
  assert.equal(asked, 3);
});

// Catches: a failure that names no key, or is taken for a wrong setting; tries without an end.
test('a server that goes on failing is a failure of storage that names the key', async (context) => {
  let asked = 0;
  const bucket = await serve(context, (request, response) => {
    asked++;
    request.resume().on('end', () => response.writeHead(500).end());
  });
  await assert.rejects(bucket.put('run/key', new Uint8Array(3)), (error) => {
    assert.ok(error instanceof StorageError);
    assert.equal(error.code, 'STORAGE');
    assert.match(
      error.message,
      /^Cannot write s3:\/\/lockstep-bucket\/run\/key: the store answered 500/,
    );
    assert.match(error.message, /after 4 attempts$/);
    return true;
  });
  assert.equal(asked, 4);
});

// Catches: a checkpoint of gigabytes that is lost to one reset connection near its end.
test('a read whose connection breaks goes on where it broke', async (context) => {
  const bytes = Buffer.from('abcdefghijklmnopqrstuvwxyz');
  const ranges: string[] = [];
  const bucket = await serve(context, (request, response) => {
    const range = String(request.headers.range);
    ranges.push(range);
    const [, begin = 0, end = 0] = /^bytes=(\d+)-(\d+)$/.exec(range)?.map(Number) ?? [];
    response.writeHead(206, { 'Content-Length': end - begin + 1, ETag: '"x"' });
    const breaks = ranges.length <= 2;
    const part = bytes.subarray(begin, breaks ? begin + 4 : end + 1);
    response.write(part, () => (breaks ? request.socket.resetAndDestroy() : response.end()));
  });
  assert.equal(
    (await collect(bucket.read('key', { begin: 2, end: 26 }))).toString(),
    'cdefghijklmnopqrstuvwxyz',
  );
  assert.equal(ranges.at(0), 'bytes=2-25');
  assert.equal(ranges.length >= 3, true);
});

// Catches: a store that is down, reported without the place that was asked.
test('a store that nobody listens at is a failure of storage', async () => {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  await assert.rejects((await at(port)).look('key'), {
    name: 'StorageError',
    message: /^Cannot read s3:\/\/lockstep-bucket\/key: the store does not answer, .*ECONNREFUSED/,
  });
});

// Catches: a run without keys that fails as a broken store would, and so is tried again for ever.
test('who has no keys, or no region, hears it as a wrong setting', async () => {
  const files = { AWS_SHARED_CREDENTIALS_FILE: '/dev/null', AWS_CONFIG_FILE: '/dev/null' };
  Object.assign(process.env, files, { AWS_EC2_METADATA_DISABLED: 'true' });
  const noKeys = await openBucket('lockstep-bucket', {
    AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
  });
  await assert.rejects(noKeys.look('key'), {
    name: 'StoreRefusedError',
    message: /^Cannot read s3:\/\/lockstep-bucket\/key: .*credentials.*AWS_ACCESS_KEY_ID/,
  });
  const keys = { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' };
  await assert.rejects((await openBucket('lockstep-bucket', keys)).look('key'), {
    name: 'StoreRefusedError',
    message: /Region is missing.*AWS_REGION/,
  });
});
