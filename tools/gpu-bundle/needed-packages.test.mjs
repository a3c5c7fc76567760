import assert from 'node:assert/strict';
import { it } from 'node:test';
import { neededPackages } from './needed-packages.mjs';

const packages = {
  'node_modules/a': { dependencies: { b: '1' } },
  'node_modules/b': { dependencies: { a: '1' }, optionalDependencies: { fast: '1', other: '1' } },
  'node_modules/fast': { optional: true },
  'node_modules/other': { optional: true },
  'node_modules/unused': {},
};

// Would catch a package that is missing only on a machine without a network.
it('follows dependencies, round in circles too', () => {
  assert.deepEqual(
    neededPackages(packages, ['a'], (folder) => folder.endsWith('/fast')),
    ['node_modules/a', 'node_modules/b', 'node_modules/fast'],
  );
});

it('refuses a package that is not locked', () => {
  assert.throws(() => neededPackages(packages, ['c'], () => true), /Cannot bundle c/);
});
