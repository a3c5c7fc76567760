import assert from 'node:assert/strict';
import { it } from 'node:test';
import { lockedPackages } from './locked-packages.mjs';

const packages = {
  'node_modules/a': { dependencies: { b: '1', shared: '2' } },
  'node_modules/a/node_modules/shared': { dependencies: { deep: '1' } },
  'node_modules/a/node_modules/deep': {},
  'node_modules/b': {
    dependencies: { a: '1', shared: '1' },
    optionalDependencies: { fast: '1', gone: '1' },
  },
  'node_modules/shared': {},
  'node_modules/fast': { optional: true },
  'node_modules/peer': {},
  'node_modules/asks': {
    peerDependencies: { peer: '1', maybe: '1' },
    peerDependenciesMeta: { maybe: { optional: true } },
  },
  'node_modules/unused': {},
};

// Would catch: the wrong one of two versions of a package, or one that only the nested one needs.
it('finds packages as Node does, the nearest first', () => {
  assert.deepEqual(
    lockedPackages(packages, ['a'], (folder) => folder.endsWith('/fast')),
    [
      'node_modules/a',
      'node_modules/a/node_modules/deep',
      'node_modules/a/node_modules/shared',
      'node_modules/b',
      'node_modules/fast',
      'node_modules/shared',
    ],
  );
});

it('brings peers, and leaves out what is optional and not there', () => {
  assert.deepEqual(
    lockedPackages(packages, ['asks'], () => false),
    ['node_modules/asks', 'node_modules/peer'],
  );
});

it('refuses a package that is not locked', () => {
  assert.throws(
    () => lockedPackages(packages, ['c'], () => true),
    /Cannot find c, which the project needs/,
  );
});
