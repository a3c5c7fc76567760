import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeCertificate } from '../certificate-fixture.js';
import { accessOn, isAllowed, openAccess, readMetricsAccess } from './metrics-access.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-access-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

const token = '0123456789abcdef0123456789abcdef';
const { certificate, key } = makeCertificate();
const files = { cert: file('cert.pem', certificate), key: file('key.pem', key) };

test('nothing is asked for where nothing is configured', () => {
  assert.deepEqual(readMetricsAccess({}), openAccess);
  const given = readMetricsAccess({
    LOCKSTEP_HTTP_TLS_CERT_FILE: files.cert,
    LOCKSTEP_HTTP_TLS_KEY_FILE: files.key,
    LOCKSTEP_METRICS_TOKEN_FILE: file('token', `${token}\n`),
  });
  assert.equal(given.token, token);
  assert.equal(given.tls?.cert.toString(), certificate);
});

// Would catch a port that speaks plainly, or answers everyone, because of a typing error.
test('half a configuration is refused by name, and errors hold no token', () => {
  const refused = (environment: NodeJS.ProcessEnv, message: RegExp): void =>
    assert.throws(() => readMetricsAccess(environment), { code: 'OPTION', message });
  refused({ LOCKSTEP_HTTP_TLS_CERT_FILE: files.cert }, /LOCKSTEP_HTTP_TLS_KEY_FILE is missing/);
  refused(
    { LOCKSTEP_HTTP_TLS_CERT_FILE: files.key, LOCKSTEP_HTTP_TLS_KEY_FILE: files.cert },
    /must name a certificate and its key as PEM/,
  );
  refused({ LOCKSTEP_METRICS_TOKEN_FILE: join(folder, 'none') }, /must name a file/);
  for (const bad of ['', 'geheim', 'geheim geheim geheim geheim']) {
    refused(
      { LOCKSTEP_METRICS_TOKEN_FILE: file('bad', bad) },
      /^(?!.*geheim).*must hold one line of 16 to 1024/,
    );
  }
});

// Would catch metrics that are open to a network without a word.
test('a port that other machines reach without a token is told of', () => {
  const said: string[] = [];
  const warn = (text: string): void => void said.push(text);
  accessOn('127.0.0.1', warn, {});
  accessOn('0.0.0.0', warn, { LOCKSTEP_METRICS_TOKEN_FILE: file('token', token) });
  assert.deepEqual(said, []);
  accessOn('0.0.0.0', warn, {});
  assert.match(said.join(), /everyone who reaches 0\.0\.0\.0 .*LOCKSTEP_METRICS_TOKEN_FILE/);
});

// Would catch a token of which a beginning, or nothing, is enough.
test('only the whole token is let in', () => {
  const access = { tls: null, token };
  for (const shown of [null, '', 'Bearer', 'Bearer ', `Bearer ${token.slice(1)}`, token]) {
    assert.equal(isAllowed(shown, access), false, String(shown));
  }
  assert.ok(isAllowed(`Bearer ${token}`, access));
  assert.ok(isAllowed(`bearer  ${token}`, access));
  assert.ok(isAllowed(null, openAccess));
});
