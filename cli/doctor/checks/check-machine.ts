/** Node, processors, memory, disk and ports. Pure. */
import { gibibytes, lessMemory } from '../../../shared/memory-words.js';
import { type Bytes, mebibytes } from '../../../shared/units.js';
import type { Facts } from '../facts/facts.js';
import type { Check } from './check.js';

/** package.json says the same. */
export const leastNode = [20, 19] as const;
/** Those that every change of Lockstep is tested on. */
export const testedNodes: readonly number[] = [20, 22, 24];

/** Two workers of the smallest example, their engine and nats-server. */
const littleMemory: Bytes = mebibytes(2048);
/** Some checkpoints of a small model, and logs. */
const littleDisk: Bytes = mebibytes(2048);

export const checkMachine = (facts: Facts): Check[] => [
  checkNode(facts),
  checkProcessors(facts),
  checkMemory(facts),
  checkDisk(facts),
  checkPorts(facts),
];

function checkNode({ node }: Facts): Check {
  const name = 'Node.js';
  const [major = 0, minor = 0] = node.split('.').map(Number);
  const [leastMajor, leastMinor] = leastNode;
  if (major < leastMajor || (major === leastMajor && minor < leastMinor)) {
    return {
      name,
      level: 'missing',
      text: `${node}: it must be ${leastNode.join('.')} or newer`,
      help: 'install Node.js 22: `sudo npm install --global n && sudo n 22`, or from nodejs.org',
    };
  }
  if (testedNodes.includes(major)) return { name, level: 'ok', text: node, help: null };
  return {
    name,
    level: 'warning',
    text: `${node}: Lockstep is tested on ${testedNodes.join(', ')}`,
    help: 'where something fails, try Node.js 22: `sudo npm install --global n && sudo n 22`',
  };
}

function checkProcessors({ processorShare, processors }: Facts): Check {
  const name = 'processors';
  if (processorShare === null || processorShare >= processors) {
    return { name, level: 'ok', text: String(processors), help: null };
  }
  // More threads than that are stopped in mid-step, and everyone waits for whoever is.
  const usable = Math.max(1, Math.floor(processorShare));
  return {
    name,
    level: 'warning',
    text: `${processors} are seen, of which the control group gives ${Number(processorShare.toFixed(2))}`,
    help: `keep workers times engine.threads at ${usable}, or raise the limit (\`docker run --cpus\`, limits.cpu)`,
  };
}

function checkMemory({ freeMemory, memory }: Facts): Check {
  const name = 'memory';
  if (freeMemory === null) {
    return { name, level: 'ok', text: `${gibibytes(memory)} in all`, help: null };
  }
  const text = `${gibibytes(freeMemory)} free of ${gibibytes(memory)}`;
  if (freeMemory >= littleMemory) return { name, level: 'ok', text, help: null };
  return { name, level: 'warning', text, help: `end other programs, or: ${lessMemory}` };
}

function checkDisk({ folder, folderRefusal, freeDisk }: Facts): Check {
  const name = 'disk';
  if (folderRefusal !== null) {
    const help = 'change to a folder of yours, or write elsewhere: `--output DIR`';
    return { name, level: 'warning', text: `${folder} cannot be written (${folderRefusal})`, help };
  }
  if (freeDisk === null) {
    return { name, level: 'ok', text: `nothing is known of the disk of ${folder}`, help: null };
  }
  const text = `${gibibytes(freeDisk)} free for ${folder}`;
  if (freeDisk >= littleDisk) return { name, level: 'ok', text, help: null };
  const help =
    'make room, or write elsewhere: `--output DIR`; `checkpoint.keep` bounds checkpoints';
  return { name, level: 'warning', text, help };
}

function checkPorts({ portRefusal }: Facts): Check {
  const name = 'ports';
  if (portRefusal === null) {
    return { name, level: 'ok', text: 'free ones on 127.0.0.1', help: null };
  }
  return {
    name,
    level: 'missing',
    text: `none can be listened on at 127.0.0.1: ${portRefusal}`,
    help: 'let programs open sockets here: a sandbox, a firewall or a security policy forbids it',
  };
}
