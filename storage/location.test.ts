import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBucket, locationProblem, parentOf, parseLocation, within } from './location.js';

// Catches: a prefix with doubled or hanging slashes, which S3 takes for other keys.
test('a location is a folder or a bucket with a prefix', () => {
  assert.deepEqual(parseLocation('runs/a'), { kind: 'folder', path: 'runs/a' });
  assert.deepEqual(parseLocation('s3:/x'), { kind: 'folder', path: 's3:/x' });
  const prefixed = { kind: 'bucket', bucket: 'my-bucket', prefix: 'team/run-1' };
  assert.deepEqual(parseLocation('s3://my-bucket/team/run-1'), prefixed);
  assert.deepEqual(parseLocation('s3://my-bucket/team/run-1/'), prefixed);
  for (const whole of ['s3://my-bucket', 's3://my-bucket/']) {
    assert.deepEqual(parseLocation(whole), { kind: 'bucket', bucket: 'my-bucket', prefix: '' });
  }
});

// Catches: a typing error that makes a folder named "gs:", or keys that other tools cannot name.
test('what cannot be a location is refused by its rule', () => {
  const problems = [
    ['', /a folder or s3:/],
    ['gs://bucket/x', /not gs:\/\//],
    ['S3://bucket', /not S3:\/\//],
    ['s3://', /must name a bucket/],
    ['s3://B', /must name a bucket/],
    ['s3://ab', /must name a bucket/],
    ['s3://my-bucket//x', /must have a prefix of names/],
    ['s3://my-bucket/a/../b', /must have a prefix of names/],
    ['s3://my-bucket/a?b', /must have a prefix of names/],
    [`s3://my-bucket/${'x'.repeat(901)}`, /at most 900/],
    ['a\0b', /NUL/],
  ] as const;
  for (const [text, rule] of problems) assert.match(locationProblem(text) ?? '', rule, text);
  for (const fine of ['runs', '/a b', 's3://my-bucket', 's3://my-bucket/a=1/b@2', 'C:\\runs']) {
    assert.equal(locationProblem(fine), null, fine);
  }
});

// Catches: `join`, which makes s3:/bucket of s3://bucket.
test('a name within a location is found again', () => {
  assert.equal(within('s3://my-bucket', 'x'), 's3://my-bucket/x');
  assert.equal(within('s3://my-bucket/p/', 'x'), 's3://my-bucket/p/x');
  assert.equal(within('/', 'x'), '/x');
  const segment = fc
    .stringMatching(/^[A-Za-z0-9_.=@+-]{1,12}$/)
    .filter((text) => !/^\.+$/.test(text));
  const location = fc
    .array(segment, { maxLength: 3 })
    .map((names) => ['s3://abc', ...names].join('/'));
  fc.assert(
    fc.property(location, segment, (parent, name) => {
      assert.equal(locationProblem(within(parent, name)), null);
      assert.ok(isBucket(within(parent, name)));
      assert.deepEqual(parentOf(within(parent, name)), { parent, name });
    }),
  );
});

// Catches: a checkpoint named relatively, or with a slash behind it, whose steps are not known.
test('the name of a path is what stands behind its last slash', () => {
  assert.deepEqual(parentOf('step-1'), { parent: '', name: 'step-1' });
  assert.deepEqual(parentOf('a/step-1/'), { parent: 'a', name: 'step-1' });
  assert.deepEqual(parentOf('/a//step-1'), { parent: '/a', name: 'step-1' });
});
