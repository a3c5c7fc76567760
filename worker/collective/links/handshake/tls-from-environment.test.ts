import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tlsFromEnvironment } from './tls-from-environment.js';

// Would catch links that speak plainly because one of three variables was misspelt.
test('all files of TLS are named, or none', () => {
  const all = {
    LOCKSTEP_LINKS_CERT_FILE: 'cert.pem',
    LOCKSTEP_LINKS_KEY_FILE: 'key.pem',
    LOCKSTEP_LINKS_CA_FILE: 'ca.pem',
  };
  assert.equal(tlsFromEnvironment({}), null);
  assert.deepEqual(tlsFromEnvironment(all), {
    certFile: 'cert.pem',
    keyFile: 'key.pem',
    caFile: 'ca.pem',
  });
  assert.throws(() => tlsFromEnvironment({ ...all, LOCKSTEP_LINKS_CA_FILE: '' }), {
    code: 'OPTION',
    message: /LOCKSTEP_LINKS_CA_FILE is missing/,
  });
});
