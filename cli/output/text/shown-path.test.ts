import assert from 'node:assert/strict';
import test from 'node:test';
import { shownPath } from './shown-path.js';

// Catches: a path that leads elsewhere once it is pasted, and a bucket that is taken for a folder.
test('a path below the folder is shown from there, any other one as it is', () => {
  assert.equal(shownPath('/home/ann/runs/a', '/home/ann'), 'runs/a');
  assert.equal(shownPath('/home/ann/..runs', '/home/ann'), '..runs');
  assert.equal(shownPath('/home/ann/runs', '/'), 'home/ann/runs');
  for (const path of ['/home/annabel/runs', '/home', '/home/ann', 's3://books/runs']) {
    assert.equal(shownPath(path, '/home/ann'), path);
  }
});
