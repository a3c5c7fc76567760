import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AddressFacts, announcedAddress, isLoopback } from './announced-address.js';
import { discoverAddress } from './discover-address.js';

const facts: AddressFacts = {
  bound: { host: '0.0.0.0', port: 4000 },
  announce: null,
  route: '10.0.0.5',
  local: [
    { address: '127.0.0.1', internal: true },
    { address: 'fe80::1', internal: false },
    { address: '192.168.1.7', internal: false },
  ],
};

// Would catch members that tell each other an address which only they themselves can dial.
for (const [what, change, expected] of [
  ['the option', { announce: { host: 'node-3', port: 9 } }, 'node-3:9'],
  ['the option, with the bound port', { announce: { host: 'node-3', port: 0 } }, 'node-3:4000'],
  ['what it is bound to', { bound: { host: '10.1.1.1', port: 4000 } }, '10.1.1.1:4000'],
  ['loopback, where it is bound to that', { bound: { host: '127.0.0.1', port: 1 } }, '127.0.0.1:1'],
  ['IPv6 in brackets', { bound: { host: 'fd00::2', port: 4000 } }, '[fd00::2]:4000'],
  ['the way to the common host', {}, '10.0.0.5:4000'],
  ['an outward address, where that is here', { route: '127.0.0.1' }, '192.168.1.7:4000'],
  ['an outward address, where there is no way', { route: null }, '192.168.1.7:4000'],
  ['one that is listened on', { route: 'fd00::9' }, '192.168.1.7:4000'],
  [
    'IPv6, where that is heard',
    { route: 'fd00::9', bound: { host: '::', port: 1 } },
    '[fd00::9]:1',
  ],
  ['loopback, where nothing else is', { route: null, local: [] }, '127.0.0.1:4000'],
] as const) {
  test(`what is announced: ${what}`, () => {
    assert.equal(announcedAddress({ ...facts, ...change }), expected);
  });
}

// Would catch a page of a stranger's, whose name leads to this machine, that reads the dashboard in a browser here.
test('loopback is an address of it, and one name', () => {
  for (const host of ['localhost', '127.0.0.1', '127.8.9.10', '::1']) assert.ok(isLoopback(host));
  const strangers = ['127.0.0.1.example.com', '127.example.com', '127.1', '0.0.0.0', 'localhost.'];
  for (const host of strangers) assert.ok(!isLoopback(host), host);
});

// Would catch a discovery that never ends, or that fails, where there is no way to the host.
test('discovery ends in an address, whatever the host', async () => {
  const known = { bound: { host: '0.0.0.0', port: 7 }, announce: null };
  for (const toward of ['127.0.0.1:4222', '[::1]:4222', 'no such host:1']) {
    assert.match(await discoverAddress(known, toward), /:7$/);
  }
});
