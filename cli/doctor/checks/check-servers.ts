/** Where a run's nats-server comes from: one of this machine, or one that others use too. Pure. */
import type { Facts } from '../facts/facts.js';
import type { Check } from './check.js';

export const checkServers = (facts: Facts): Check[] => [
  checkOwnServer(facts),
  ...checkSharedServer(facts),
];

function checkOwnServer({ natsServer, sharedServer }: Facts): Check {
  const name = 'nats-server';
  if (natsServer.kind === 'found') {
    return { name, level: 'ok', text: `${natsServer.version}, ${natsServer.path}`, help: null };
  }
  // Who has a server to go to needs none of its own.
  const level = sharedServer.kind === 'there' ? 'ok' : 'missing';
  const help =
    'run `npm run setup`, or name one: `LOCKSTEP_NATS_SERVER=/path/to/nats-server`, or one that ' +
    'runs: `LOCKSTEP_NATS_URL=nats://host:4222`';
  return { name, level, text: natsServer.reason, help };
}

function checkSharedServer({ sharedServer }: Facts): Check[] {
  const name = 'LOCKSTEP_NATS_URL';
  switch (sharedServer.kind) {
    case 'not-named':
      return [];
    case 'there':
      return [
        { name, level: 'ok', text: `${sharedServer.url} answers, with JetStream`, help: null },
      ];
    case 'refused':
      return [
        {
          name,
          level: 'missing',
          text: `${sharedServer.url} cannot be used: ${sharedServer.reason}`,
          help:
            'start it with JetStream (`nats-server --jetstream`), correct the address or its ' +
            'secret (docs/cluster.md), or `unset LOCKSTEP_NATS_URL`',
        },
      ];
  }
}
