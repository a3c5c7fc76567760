import assert from 'node:assert/strict';
import type { IncomingHttpHeaders } from 'node:http';
import { test } from 'node:test';
import { millis } from '../../../../shared/units.js';
import { decideOrigin } from './operator-access.js';
import {
  failedTriesMax,
  failedTriesWindow,
  OperatorSessions,
  operatorNameMax,
  sessionLifetime,
  sessionsMax,
} from './operator-sessions.js';
import { readAction } from './read-action.js';

const token = 't'.repeat(32);
const host = '127.0.0.1:40213';
const origin = `http://${host}`;
const type = 'application/json';
const at = (seconds: number) => millis(seconds * 1000);

// Would catch a foreign page, or another port of this host, that has a browser act with an operator's cookie.
test('only a page of this very server may ask for a change', () => {
  const right = { host, origin, 'content-type': type, 'sec-fetch-site': 'same-origin' };
  const allowed: IncomingHttpHeaders[] = [
    right,
    { ...right, 'content-type': 'application/json; charset=utf-8' },
    // Older browsers say nothing of the site.
    { host, origin, 'content-type': type },
    { ...right, host: 'Example.org', origin: 'https://example.org' },
    { ...right, host: '[::1]:9', origin: 'http://[::1]:9' },
  ];
  const refused: IncomingHttpHeaders[] = [
    {},
    { ...right, origin: undefined },
    { ...right, origin: 'null' },
    { ...right, host: undefined },
    { ...right, host: '', origin: 'http://' },
    { ...right, origin: 'http://127.0.0.1:40214' },
    { ...right, origin: 'http://127.0.0.1' },
    { ...right, origin: 'http://localhost:40213' },
    { ...right, origin: `http://${host}.evil.example` },
    { ...right, origin: `http://evil.example/${host}` },
    { ...right, origin: `file://${host}` },
    ...['same-site', 'cross-site', 'none', ''].map((site) => ({
      ...right,
      'sec-fetch-site': site,
    })),
    // What forms can send without being asked.
    ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', undefined].map(
      (other) => ({ ...right, 'content-type': other }),
    ),
    { ...right, 'content-type': 'application/jsonp' },
    { ...right, 'content-type': 'text/plain; application/json' },
  ];
  for (const headers of allowed) {
    assert.equal(decideOrigin({ headers }).kind, 'allowed', JSON.stringify(headers));
  }
  for (const headers of refused) {
    assert.equal(decideOrigin({ headers }).kind, 'refused', JSON.stringify(headers));
  }
});

function signedIn(sessions: OperatorSessions, now = at(0), name = 'Ann') {
  const found = sessions.signIn(now, token, name);
  assert.ok(found.kind === 'signed-in');
  return found.session;
}

// Would catch a session that a cookie alone makes: browsers show cookies to every port of a host.
test('a session is its cookie and its proof together, until it is signed out', () => {
  const sessions = new OperatorSessions(token);
  const one = signedIn(sessions);
  const other = signedIn(sessions, at(0), 'Bob');
  assert.equal(sessions.nameOf(at(1), one.cookie, one.proof), 'Ann');
  for (const [cookie, proof] of [
    [one.cookie, ''],
    ['', one.proof],
    [one.cookie, other.proof],
    [one.proof, one.cookie],
    [one.cookie, token],
    [token, token],
  ] as const) {
    assert.equal(sessions.nameOf(at(1), cookie, proof), null);
  }
  sessions.signOut(one.cookie);
  assert.equal(sessions.nameOf(at(1), one.cookie, one.proof), null);
  assert.equal(sessions.nameOf(at(1), other.cookie, other.proof), 'Bob');
});

test('a session ends by itself, and there are not more than so many', () => {
  const sessions = new OperatorSessions(token);
  const first = signedIn(sessions);
  const end = millis(sessionLifetime);
  assert.equal(sessions.nameOf(millis(end - 1), first.cookie, first.proof), 'Ann');
  assert.equal(sessions.nameOf(end, first.cookie, first.proof), null);
  const second = signedIn(sessions, at(1));
  for (let more = 1; more < sessionsMax; more++) signedIn(sessions, at(2));
  assert.equal(sessions.nameOf(at(3), second.cookie, second.proof), 'Ann');
  signedIn(sessions, at(3));
  assert.equal(sessions.nameOf(at(3), second.cookie, second.proof), null);
});

// Would catch a token that can be guessed as fast as the network carries guesses.
test('after so many wrong tokens nobody signs in for a while, with a right one neither', () => {
  const sessions = new OperatorSessions(token);
  for (let tries = 0; tries < failedTriesMax; tries++) {
    assert.equal(sessions.signIn(at(tries), `${token}x`, '').kind, 'wrong');
  }
  const refused = sessions.signIn(at(20), token, '');
  assert.ok(refused.kind === 'too-many');
  assert.equal(refused.wait, failedTriesWindow - 20_000);
  // The first of them is forgotten; the others count on.
  assert.equal(sessions.signIn(millis(20_000 + refused.wait), token, '').kind, 'signed-in');
  assert.equal(sessions.signIn(millis(20_000 + refused.wait), 'wrong', '').kind, 'wrong');
  assert.equal(sessions.signIn(millis(20_000 + refused.wait), token, '').kind, 'too-many');
});

// Would catch a name that writes lines of its own into a log, or does not fit into an entry of the run's.
test('the name of an operator is one short line', () => {
  const named = (name: string): string => signedIn(new OperatorSessions(token), at(0), name).name;
  assert.equal(named(' Ann\n  Lee\u0000\u202e '), 'Ann Lee');
  assert.equal(named(''), 'operator');
  assert.equal(named(' \t'), 'operator');
  assert.equal(named('é'.repeat(500)).length, operatorNameMax);
});

test('an action is one of those that there are, and nothing comes along with it', () => {
  for (const kind of ['pause', 'go-on', 'checkpoint', 'stop'] as const) {
    assert.deepEqual(readAction({ kind, by: 'root', worker: 'w' }), { kind });
  }
  assert.deepEqual(readAction({ kind: 'drain', worker: 'w' }), { kind: 'drain', worker: 'w' });
  const wrong = [{ kind: 'drain' }, { kind: 'drain', worker: '' }, { kind: 'remove' }, {}, null];
  for (const fields of wrong) assert.equal(readAction(fields), null);
  assert.equal(readAction({ kind: 'drain', worker: 'w'.repeat(129) }), null);
});
