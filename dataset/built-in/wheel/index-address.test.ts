import assert from 'node:assert/strict';
import { test } from 'node:test';
import { indexAddress, shownUrl } from './index-address.js';

// Would catch: a machine whose index is ignored, and an address that loses its last part.
test("our own variable goes before pip's, and pip's before the usual index", () => {
  const own = { LOCKSTEP_PACKAGE_INDEX: 'http://own/simple' };
  const pips = { PIP_INDEX_URL: 'https://pips/root/simple/' };
  const of = (environment: Record<string, string>): [string, string | null] => {
    const { url, variable } = indexAddress(environment);
    return [url.href, variable];
  };
  assert.deepEqual(of({ ...own, ...pips }), ['http://own/simple/', 'LOCKSTEP_PACKAGE_INDEX']);
  assert.deepEqual(of({ ...pips, LOCKSTEP_PACKAGE_INDEX: '' }), [
    'https://pips/root/simple/',
    'PIP_INDEX_URL',
  ]);
  assert.equal(of({})[1], null);
  assert.match(of({})[0], /^https:.*\/simple\/$/);
});

// Would catch: a password in a log.
test('what cannot be asked is refused by its variable, and nothing shows a password', () => {
  for (const text of ['simple', 'file:///mirror', 'user:secret@host/simple']) {
    assert.throws(
      () => indexAddress({ PIP_INDEX_URL: text }),
      (error: Error) => {
        assert.match(error.message, /PIP_INDEX_URL must be .*http/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  }
  const { url } = indexAddress({ PIP_INDEX_URL: 'https://user:secret@host/simple' });
  assert.equal(shownUrl(url), 'https://host/simple/');
});
