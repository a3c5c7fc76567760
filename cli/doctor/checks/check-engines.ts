/** Which engines a job can name on this machine, and whether a GPU would be used. Pure. */
import { engineRemedy } from '../../../process/engine-files.js';

import type { EngineFact, EngineName, Facts, PackagedEngine, SetUpEngine } from '../facts/facts.js';
import type { Check } from './check.js';

/** @param needed the engine that jobs on this machine name: the others may be absent */
export function checkEngines(facts: Facts, needed: EngineName): Check[] {
  return [
    setUpEngine('torch', facts.engines.torch, needed),
    setUpEngine('tensorflow', facts.engines.tensorflow, needed),
    packagedEngine('wasm', facts, needed),
    packagedEngine('cpu', facts, needed),
    checkGpu(facts),
  ];
}

function setUpEngine(name: SetUpEngine, fact: EngineFact, needed: EngineName): Check {
  const isNeeded = name === needed;
  const common = { name: `engine ${name}` };
  const library = name === 'torch' ? 'libtorch' : 'TensorFlow';
  const remedy = engineRemedy(name);
  switch (fact.kind) {
    case 'open': {
      const device = fact.device === null ? '' : `, computes on ${deviceWords(fact.device)}`;
      return { ...common, level: 'ok', text: `${library} ${fact.version}${device}`, help: null };
    }
    case 'absent':
      return isNeeded
        ? { ...common, level: 'missing', text: `${fact.file} is not there`, help: remedy }
        : {
            ...common,
            level: 'ok',
            text: `not set up: only jobs with engine.name ${name} need it`,
            help: remedy,
          };
    case 'broken':
      return {
        ...common,
        level: isNeeded ? 'missing' : 'warning',
        text: `it is there and cannot be opened: ${fact.reason}`,
        help: `${remedy}; if that says that all is done, remove the folder build/ first`,
      };
  }
}

const deviceWords = (device: string): string => (device === 'cuda' ? 'a CUDA device' : 'the CPU');

function packagedEngine(name: PackagedEngine, facts: Facts, needed: EngineName): Check {
  const missing = facts.missingPackages[name];
  const common = { name: `engine ${name}` };
  if (missing.length === 0) {
    const text =
      name === 'wasm' ? 'there: slow, for machines without libtorch' : 'there: for tests';
    return { ...common, level: 'ok', text, help: null };
  }
  return {
    ...common,
    level: name === needed ? 'missing' : 'warning',
    text: `not installed: ${missing.join(', ')}`,
    help: 'run `npm ci`',
  };
}

/** A driver that torch does not use is a GPU that stands idle. */
function checkGpu({ devices, driver, engines, platform }: Facts): Check {
  const name = 'GPU';
  if (driver === null) {
    const text =
      platform === 'linux' ? 'no driver of NVIDIA: training computes on the CPU' : 'none is used';
    return { name, level: 'ok', text, help: null };
  }
  const models = devices.length === 0 ? '' : `: ${devices.join(', ')}`;
  const text = `driver ${driver}${models}`;
  const { torch } = engines;
  if (torch.kind !== 'open' || torch.device === 'cuda')
    return { name, level: 'ok', text, help: null };
  return {
    name,
    level: 'warning',
    text: `${text}, which torch does not use`,
    help:
      'run `npm run setup -- --engine torch-cuda`; in a container, give it the GPUs ' +
      '(`--gpus all`); CUDA_VISIBLE_DEVICES must not hide them',
  };
}
