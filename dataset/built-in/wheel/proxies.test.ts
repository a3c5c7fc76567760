import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ignoredProxy } from './proxies.js';

// Would catch: a user who waits for a proxy that is never asked, and is not told.
test('a proxy that this Node.js does not go by is named, and no other', () => {
  const environment = { https_proxy: 'http://proxy:3128' };
  for (const version of ['20.20.2', '22.20.9', '23.9.0', '24.4.1']) {
    assert.match(ignoredProxy(environment, version) ?? '', /^https_proxy is not gone by/);
    assert.equal(ignoredProxy({ HTTPS_PROXY: '' }, version), null);
  }
  for (const version of ['22.21.0', '24.5.0', '25.0.0']) {
    assert.equal(ignoredProxy(environment, version), null);
  }
});
