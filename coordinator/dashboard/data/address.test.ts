import assert from 'node:assert/strict';
import { test } from 'node:test';
import { placeOf } from './address.js';

// Would catch an empty page where an address was cut short, and a run whose name needs encoding that is not found.
for (const [hash, place] of [
  ['', { kind: 'runs' }],
  ['#/', { kind: 'runs' }],
  ['#/elsewhere/a', { kind: 'runs' }],
  ['#/runs/a~b', { kind: 'run', id: 'a~b' }],
  ['#/runs/%C3%BCn%C3%AF%20x', { kind: 'run', id: 'ünï x' }],
  ['#/runs/%C3%BCn%C', { kind: 'run', id: '%C3%BCn%C' }],
  ['#/compare/a,b,', { kind: 'compare', ids: ['a', 'b'] }],
] as const) {
  test(`the address "${hash}" leads to ${place.kind}`, () => {
    assert.deepEqual(placeOf(hash), place);
  });
}
