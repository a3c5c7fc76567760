import { bytes, mebibytes } from '../../../shared/units.js';
import type { Facts } from '../facts/facts.js';

/** A machine on which everything is as it should be. */
export const goodMachine = (changes: Partial<Facts> = {}): Facts => ({
  node: '22.12.0',
  platform: 'linux',
  engines: {
    torch: { kind: 'open', version: '2.13.0', device: 'cpu' },
    tensorflow: { kind: 'absent', file: '/build/tfjs_binding.node' },
  },
  missingPackages: { wasm: [], cpu: [] },
  driver: null,
  devices: [],
  natsServer: { kind: 'found', path: '/bin/nats-server', version: '2.15.1' },
  sharedServer: { kind: 'not-named' },
  processors: 8,
  processorShare: null,
  memory: mebibytes(16 * 1024),
  freeMemory: mebibytes(8 * 1024),
  folder: '/work',
  folderRefusal: null,
  freeDisk: bytes(100 * 2 ** 30),
  portRefusal: null,
  ...changes,
});

/** One of which nothing at all is there. */
export const bareMachine: Facts = {
  node: '18.20.4',
  platform: 'linux',
  engines: {
    torch: { kind: 'absent', file: '/build/lockstep_torch.node' },
    tensorflow: { kind: 'absent', file: '/build/tfjs_binding.node' },
  },
  missingPackages: { wasm: ['@tensorflow/tfjs-core'], cpu: ['@tensorflow/tfjs-core'] },
  driver: '550.54.15',
  devices: [],
  natsServer: { kind: 'none', reason: 'Cannot start nats-server: it is not on PATH' },
  sharedServer: { kind: 'refused', url: 'nats://one:4222', reason: 'CONNECTION_REFUSED' },
  processors: 8,
  processorShare: 1.5,
  memory: mebibytes(1024),
  freeMemory: mebibytes(100),
  folder: '/work',
  folderRefusal: null,
  freeDisk: mebibytes(10),
  portRefusal: 'listen EPERM',
};
