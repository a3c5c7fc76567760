import type { EngineName, Facts } from '../facts/facts.js';
import type { Check } from './check.js';
import { checkEngines } from './check-engines.js';
import { checkMachine } from './check-machine.js';
import { checkServers } from './check-servers.js';

/** All that training on this machine needs, in the order in which it is needed. Pure. */
export function checkAll(facts: Facts, engine: EngineName): Check[] {
  const [node, ...machine] = checkMachine(facts);
  return [
    ...(node ? [node] : []),
    ...checkEngines(facts, engine),
    ...checkServers(facts),
    ...machine,
  ];
}
