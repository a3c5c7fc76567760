import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StoreRefusedError } from '../storage-error.js';
import { s3Settings } from './s3-settings.js';

const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };

// Catches: a store of one's own that is asked as lockstep.store.example, or AWS that is asked by path.
test('the environment says where the store is and how its buckets are named', () => {
  const aws = { endpoint: null, region: null, pathStyle: false, attempts: 9, keys: null };
  assert.deepEqual(s3Settings({}), aws);
  const own = s3Settings({ ...keys, AWS_ENDPOINT_URL_S3: 'https://s3.example:9000' });
  assert.deepEqual(own, {
    endpoint: 'https://s3.example:9000',
    region: 'us-east-1',
    pathStyle: true,
    attempts: 9,
    keys: { accessKeyId: 'id', secretAccessKey: 'secret' },
  });
  const {
    endpoint,
    region,
    pathStyle,
    keys: found,
  } = s3Settings({
    ...keys,
    AWS_SESSION_TOKEN: 'token',
    AWS_ENDPOINT_URL: 'http://all.example',
    AWS_REGION: 'eu-central-1',
    LOCKSTEP_S3_PATH_STYLE: '0',
  });
  assert.deepEqual([endpoint, region, pathStyle], ['http://all.example', 'eu-central-1', false]);
  assert.equal(found?.sessionToken, 'token');
});

// Catches: half a pair of keys that is passed over for a role, and a secret in a message.
test('settings that cannot be used are refused by name, without secrets', () => {
  const wrong = [
    [{ AWS_ACCESS_KEY_ID: 'id' }, /must both be set or both be absent: the second is absent/],
    [{ AWS_SECRET_ACCESS_KEY: 'secret' }, /the first is absent/],
    [{ AWS_ENDPOINT_URL_S3: 'minio:9000' }, /must be a URL of http or https: .*"minio:9000"/],
    [{ AWS_MAX_ATTEMPTS: '0' }, /AWS_MAX_ATTEMPTS must be an integer in \[1, 20\]: .*"0"/],
    [{ LOCKSTEP_S3_PATH_STYLE: 'yes' }, /must be 0 or 1: current value is "yes"/],
  ] as const;
  for (const [environment, message] of wrong) {
    assert.throws(
      () => s3Settings(environment),
      (error) => {
        assert.ok(error instanceof StoreRefusedError);
        assert.match(error.message, message);
        assert.ok(!error.message.includes('secret"'));
        return true;
      },
    );
  }
});
