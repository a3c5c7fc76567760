/** Reads the machine. Whatever cannot be read is a fact, too: nothing here throws. */
import { execFile } from 'node:child_process';
import { accessSync, constants, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { availableParallelism, totalmem } from 'node:os';
import { freeMemory } from '../../../process/machine-memory.js';
import { readNatsOptions } from '../../../process/nats/nats-options.js';
import { findNatsServer } from '../../../process/nats/project-nats-server.js';
import { withoutSecret } from '../../../shared/nats-address.js';
import { projectRoot } from '../../../shared/project-root.js';
import { type Bytes, bytes, millis } from '../../../shared/units.js';
import type { Facts, PackagedEngine, ServerFact, SharedServerFact } from './facts.js';
import { probeEngine } from './probe-engine.js';
import { processorShare } from './processor-share.js';

/** A server on the same network answers in milliseconds; a doctor that waits longer is no help. */
const natsPatience = millis(3000);

export async function gatherFacts(environment: NodeJS.ProcessEnv): Promise<Facts> {
  const folder = process.cwd();
  const [torch, tensorflow, natsServer, sharedServer, portRefusal] = await Promise.all([
    probeEngine('torch'),
    probeEngine('tensorflow'),
    ownServer(environment),
    sharedServerOf(environment),
    refusalOfAnyPort(),
  ]);
  return {
    node: process.versions.node,
    platform: process.platform,
    engines: { torch, tensorflow },
    missingPackages: { wasm: missing('wasm'), cpu: missing('cpu') },
    driver: driverVersion(textOf('/proc/driver/nvidia/version')),
    devices: deviceModels(),
    natsServer,
    sharedServer,
    processors: availableParallelism(),
    processorShare: processorShare({
      max: textOf('/sys/fs/cgroup/cpu.max'),
      quota: textOf('/sys/fs/cgroup/cpu/cpu.cfs_quota_us'),
      period: textOf('/sys/fs/cgroup/cpu/cpu.cfs_period_us'),
    }),
    memory: bytes(totalmem()),
    freeMemory: freeMemory(),
    folder,
    folderRefusal: folderRefusal(folder),
    freeDisk: freeDisk(folder),
    portRefusal,
  };
}

const packages: Readonly<Record<PackagedEngine, readonly string[]>> = {
  wasm: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-wasm'],
  cpu: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-backend-cpu'],
};

function missing(engine: PackagedEngine): readonly string[] {
  const { resolve } = createRequire(new URL('package.json', projectRoot));
  return packages[engine].filter((name) => {
    try {
      resolve(name);
      return false;
    } catch {
      return true;
    }
  });
}

async function ownServer(environment: NodeJS.ProcessEnv): Promise<ServerFact> {
  try {
    const path = findNatsServer(environment);
    const said = await outputOf(path, ['--version']);
    const version = /v?(\d+\.\d+\.\d+\S*)/.exec(said)?.[1];
    if (version !== undefined) return { kind: 'found', path, version };
    return { kind: 'none', reason: `${path} does not say its version: is it a nats-server?` };
  } catch (error) {
    return { kind: 'none', reason: (error as Error).message };
  }
}

async function sharedServerOf(environment: NodeJS.ProcessEnv): Promise<SharedServerFact> {
  const { LOCKSTEP_NATS_URL: named = '' } = environment;
  if (named === '') return { kind: 'not-named' };
  const url = withoutSecret(named);
  try {
    const { address, replicas } = readNatsOptions(environment);
    // Only here: a machine without npm's packages is examined, too.
    const { openNatsBus } = await import('../../../bus/nats-bus.js');
    const options = { url: address, replicas, name: 'doctor', patience: natsPatience };
    const bus = await openNatsBus(options);
    try {
      // Says whether JetStream is there and may be used.
      await bus.names();
    } finally {
      await bus.close();
    }
    return { kind: 'there', url };
  } catch (error) {
    return { kind: 'refused', url, reason: (error as Error).message };
  }
}

/** `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue ...` */
export const driverVersion = (text: string | null): string | null =>
  text === null ? null : (/Module\s+(?:for \S+\s+)?(\d+\.[\d.]+)/.exec(text)?.[1] ?? 'unknown');

function deviceModels(): string[] {
  try {
    const folder = '/proc/driver/nvidia/gpus';
    return readdirSync(folder)
      .map((gpu) => /^Model:\s*(.+)$/m.exec(textOf(`${folder}/${gpu}/information`) ?? '')?.[1])
      .filter((model) => model !== undefined);
  } catch {
    return [];
  }
}

function freeDisk(folder: string): Bytes | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bytes(bavail * bsize);
  } catch {
    return null;
  }
}

function folderRefusal(folder: string): string | null {
  try {
    accessSync(folder, constants.W_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}

function refusalOfAnyPort(): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(error.message));
    server.listen(0, '127.0.0.1', () => server.close(() => resolve(null)));
  });
}

function outputOf(program: string, words: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, words, { timeout: 10_000 }, (_error, stdout, stderr) =>
      resolve(`${stdout}${stderr}`),
    );
  });
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
