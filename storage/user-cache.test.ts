import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { userCache } from './user-cache.js';

// Catches: a cache in whatever folder the program is started from, and one that nobody can move.
test('the cache is where the user or the system wants it', () => {
  assert.equal(userCache({}), join(homedir(), '.cache', 'lockstep'));
  assert.equal(userCache({ XDG_CACHE_HOME: '/c' }), join('/c', 'lockstep'));
  assert.equal(userCache({ XDG_CACHE_HOME: 'c' }), join(homedir(), '.cache', 'lockstep'));
  assert.equal(userCache({ XDG_CACHE_HOME: '/c', LOCKSTEP_CACHE: '/own' }), '/own');
  assert.equal(userCache({ LOCKSTEP_CACHE: '' }), join(homedir(), '.cache', 'lockstep'));
});
