/** What a run is before anything goes wrong: drawn from its seed alone. */
import type { Random } from '../../shared/random.js';

export interface Setup {
  readonly seed: number;
  /** Processes that begin with the run, by name. */
  readonly workers: readonly string[];
  readonly coordinators: readonly string[];
  readonly totalSteps: number;
  readonly lanes: number;
  readonly workersMin: number;
  /** All workers see one folder of checkpoints; else each has its own. */
  readonly sharedFolder: boolean;
  /** Whoever is started again begins with an empty folder, as on another host; none of a folder that all see. */
  readonly losesFolders: boolean;
  readonly checkpointEvery: number;
  /** After how many steps the validation split is looked at; null: never. */
  readonly evaluateEvery: number | null;
  /** Steps after which training collapses and is rolled back. */
  readonly collapses: readonly number[];
  /** Of all lanes on one worker, in milliseconds. */
  readonly stepTime: number;
  /** Of a large state, in milliseconds. */
  readonly copyTime: number;
  readonly dealsBySpeed: boolean;
  /** Coordinators can tell each other's death, as on one machine. */
  readonly oneHost: boolean;
}

const oneOf = <Value>(random: Random, values: readonly Value[]): Value =>
  values[random.below(values.length)] as Value;

export function drawSetup(seed: number, random: Random): Setup {
  const workers = 2 + random.below(4);
  const totalSteps = 8 + random.below(13);
  const collapses = random.below(4) === 0 ? [1 + random.below(totalSteps)] : [];
  const drawn: Setup = {
    seed,
    workers: names('worker', workers),
    coordinators: names('coordinator', 1 + random.below(3)),
    totalSteps,
    lanes: oneOf(random, [5, 6, 8]),
    workersMin: oneOf(random, [1, 1, 1, 2]),
    sharedFolder: random.below(2) === 0,
    losesFolders: false,
    checkpointEvery: 2 + random.below(6),
    evaluateEvery: random.below(3) === 0 ? 2 + random.below(5) : null,
    collapses,
    stepTime: oneOf(random, [60, 150, 400, 1000]),
    copyTime: oneOf(random, [5, 100, 1500]),
    dealsBySpeed: random.below(4) === 0,
    oneHost: random.below(2) === 0,
  };
  // Drawn last, so that all else of a seed is what it was. The copy is longer than any wait for links.
  const copyTime = random.below(12) === 0 ? 15_000 : drawn.copyTime;
  return { ...drawn, copyTime, losesFolders: random.below(4) === 0 };
}

export const names = (kind: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${kind}-${index}`);

export function setupLines(setup: Setup): string[] {
  const { workers, coordinators, totalSteps, lanes, stepTime } = setup;
  return [
    `${workers.length} workers (at least ${setup.workersMin}), ${coordinators.length} coordinators`,
    `${totalSteps} steps of ${stepTime} ms, ${lanes} lanes${setup.dealsBySpeed ? ' dealt by speed' : ''}`,
    `a checkpoint every ${setup.checkpointEvery} steps, ` +
      `${foldersOf(setup)}; a copy takes ${setup.copyTime} ms`,
    `evaluations: ${setup.evaluateEvery === null ? 'none' : `every ${setup.evaluateEvery} steps`}; ` +
      `roll-backs after: ${setup.collapses.join(', ') || 'none'}`,
  ];
}

const foldersOf = ({ losesFolders, sharedFolder }: Setup): string =>
  sharedFolder
    ? 'in one folder'
    : `each in ${losesFolders ? 'a folder that it loses' : 'its own folder'}`;
