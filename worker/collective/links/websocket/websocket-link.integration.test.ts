import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { makeCertificate, type TestCertificate } from '../../../../process/certificate-fixture.js';
import { systemClock } from '../../../../shared/clock.js';
import type { Generation, Rank } from '../../../../shared/ids.js';
import { millis } from '../../../../shared/units.js';
import { Traffic } from '../../traffic.js';
import { connectMembers, type Membership } from '../connect-members.js';
import { dial } from '../handshake/dial.js';
import { LinksServer } from '../handshake/links-server.js';
import type { TlsIdentity, Trust } from '../handshake/trust.js';
import { type LinkPair, linkContract } from '../link-cases.js';

const trust = { secret: Buffer.from('the secret of the job'), tls: null };
const never = new AbortController().signal;

async function listen(own: Trust = trust): Promise<{ server: LinksServer; traffic: Traffic }> {
  const traffic = new Traffic();
  const options = { host: '127.0.0.1', port: 0, trust: own, traffic };
  return { server: await LinksServer.listen(options), traffic };
}

const membership = (rank: number, addresses: string[], change: object = {}): Membership => ({
  generation: 5 as Generation,
  rank: rank as Rank,
  addresses,
  trust,
  ...change,
});

const ownIdentity = identityOf(makeCertificate());

/** Of one that vouches for itself. */
function identityOf({ certificate, key }: TestCertificate): TlsIdentity {
  return {
    cert: certificate,
    key,
    ca: certificate,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.3',
  };
}

for (const [name, tls] of [
  ['WebSocket', null],
  ['WebSocket over TLS', ownIdentity],
] as const) {
  linkContract(name, () => linkedPair({ secret: trust.secret, tls }));
}

async function linkedPair(both: Trust): Promise<LinkPair> {
  const servers = [(await listen(both)).server, (await listen(both)).server];
  const addresses = servers.map(({ address }) => address);
  const links = await Promise.all(
    servers.map((server, rank) =>
      connectMembers(
        server,
        membership(rank, addresses, { trust: both }),
        millis(20_000),
        systemClock,
        never,
      ),
    ),
  );
  const [a, b] = links.flat();
  assert.ok(a !== undefined && b !== undefined);
  return {
    a,
    b,
    dispose: async () => {
      for (const server of servers) server.close();
    },
  };
}

// Would catch a certificate that anybody may sign, one side that takes what the other would refuse, and
// a plain connection that is served where everybody is to be encrypted.
test('over TLS a foreign certificate, none, and a plain connection are refused', async () => {
  const { server } = await listen({ secret: trust.secret, tls: ownIdentity });
  const foreign = identityOf(makeCertificate('somebody else'));
  const hello = { purpose: 'state' } as const;
  const callers: (TlsIdentity | null)[] = [
    foreign,
    { ...foreign, ca: ownIdentity.ca as string },
    { ca: ownIdentity.ca as string, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    null,
  ];
  for (const tls of callers) {
    const own = { secret: trust.secret, tls };
    const dialled = await dial(server.address, hello, own, millis(10_000), never);
    assert.notEqual(dialled.kind, 'open');
  }
  const right = { secret: trust.secret, tls: ownIdentity };
  const dialled = await dial(server.address, hello, right, millis(10_000), never);
  assert.equal(dialled.kind, 'open');
  server.close();
});

/** Two members that disagree about `change`; returns the error of the one that differs. */
async function refusal(
  change: object,
  deadline: number,
): Promise<{ error: unknown; traffic: Traffic }> {
  const [first, second] = [await listen(), await listen()];
  const addresses = [first.server.address, second.server.address];
  const stop = new AbortController();
  const others = connectMembers(
    first.server,
    membership(0, addresses),
    millis(5000),
    systemClock,
    stop.signal,
  );
  const failed = assert.rejects(others);
  const error = await connectMembers(
    second.server,
    membership(1, addresses, change),
    millis(deadline),
    systemClock,
    never,
  ).catch((reason: unknown) => reason);
  stop.abort();
  await failed;
  first.server.close();
  second.server.close();
  return { error, traffic: first.traffic };
}

// Would catch a member of a lost generation that mixes its sums into the new one.
test('a member of an older generation is refused and counted', async () => {
  const { error, traffic } = await refusal({ generation: 4 }, 5000);
  assert.match(
    String(error),
    /Cannot link to rank 0: .* refused: generation 4 is over: the newest is 5/,
  );
  assert.equal(traffic.refusedConnections, 1);
});

test('a member with another secret is refused, and its secret is not repeated', async () => {
  const other = { secret: Buffer.from('a guess'), tls: null };
  const { error } = await refusal({ trust: other }, 5000);
  assert.match(String(error), /refused: the proof is not of the secret that is known here/);
  assert.doesNotMatch(String(error), /guess/);
});

// Would catch a member that gives up although its peer is only slower to hear of the new generation.
test('a member that is ahead tries again until its deadline', async () => {
  const { error } = await refusal({ generation: 6 }, 1000);
  assert.match(String(error), /did not answer in time: generation 6 has not been formed here yet/);
});

test('a peer that is not there is named when the deadline has passed', async () => {
  const { server } = await listen();
  const gone = await listen();
  const { address } = gone.server;
  gone.server.close();
  await assert.rejects(
    connectMembers(
      server,
      membership(0, [server.address, address]),
      millis(40),
      systemClock,
      never,
    ),
    { code: 'LINKS_CONNECT', peer: 1 },
  );
  server.close();
});

/** What the server answers to these bytes, until it ends the connection. */
function answerTo(address: string, text: string): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host, port: Number(port) }, () => socket.write(text));
    socket.setEncoding('utf8');
    socket.on('data', (data: string) => {
      answer += data;
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(answer));
  });
}

// Would catch a stranger's bytes that bring the links thread down.
test('strangers are answered and disconnected, whatever they send', async () => {
  const { server, traffic } = await listen();
  const upgrade = (path: string, more: string): string =>
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n${more}\r\n`;
  assert.match(
    await answerTo(server.address, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    /^HTTP\/1\.1 426/,
  );
  assert.match(
    await answerTo(server.address, '\x16\x03\x01\x02\x00noise\r\n\r\n'),
    /^HTTP\/1\.1 400/,
  );
  assert.match(await answerTo(server.address, upgrade('/links', '')), /^HTTP\/1\.1 400/);
  assert.match(await answerTo(server.address, upgrade('/other', '')), /^HTTP\/1\.1 400/);
  assert.equal(traffic.refusedConnections, 2);
  server.close();
});
