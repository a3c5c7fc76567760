/** Draws what goes wrong. Nothing here knows what the code under test does about it. */
import type { Random } from '../../shared/random.js';
import type { Fault, FaultKind } from './fault.js';
import type { Setup } from './setup.js';

/** Kinds by how often they are drawn, so that no seed is all of one kind. */
const weights: readonly (readonly [FaultKind, number])[] = [
  ['kill', 10],
  ['hang', 6],
  ['suspend', 2],
  ['stick', 2],
  ['clock-on', 1],
  ['clock-back', 1],
  ['slow', 2],
  ['cut-off', 4],
  ['deaf', 2],
  ['mute', 2],
  ['divide', 4],
  ['break', 4],
  ['unplug', 4],
  ['unanswered', 2],
  ['bus-away', 3],
  ['drain', 4],
  ['start', 6],
  ['stop', 1],
];
const allWeights = weights.reduce((sum, [, weight]) => sum + weight, 0);

/** Short ones are over before anyone notices, long ones after everyone has gone on. */
const durations = [20, 200, 800, 2500, 6000] as const;

export function drawSchedule(setup: Setup, random: Random): Fault[] {
  const span = usualDuration(setup) + random.below(2000);
  const faults: Fault[] = [];
  const draw = (): number => Math.floor(random.uniform() * span);
  for (let left = random.below(9); left > 0; left--)
    faults.push(...drawFault(setup, random, draw()));
  if (random.below(6) === 0) faults.push(...drawDisaster(setup, random, draw()));
  if (random.below(4) === 0) faults.push(...drawMove(setup, random, draw()));
  // Drawn last, so that all else of a seed is what it was.
  if (random.below(3) === 0) faults.push(...drawWords(setup, random, draw));
  return faults.sort((a, b) => a.at - b.at);
}

/** Until the run is over where nothing goes wrong; what goes wrong later meets nobody. */
const usualDuration = ({ totalSteps, stepTime, workers }: Setup): number =>
  800 + totalSteps * (stepTime / workers.length + 15);

function drawFault(setup: Setup, random: Random, at: number): Fault[] {
  const kind = drawKind(random);
  const workers = [...setup.workers, 'worker-9'];
  const worker = (): string => workers[random.below(workers.length)] as string;
  const anyone = (): string => {
    const all = [...setup.workers, ...setup.coordinators, ...setup.coordinators];
    return all[random.below(all.length)] as string;
  };
  const duration = (): number => {
    const longest = durations[random.below(durations.length)] as number;
    return 1 + Math.floor(random.uniform() * longest);
  };
  switch (kind) {
    case 'kill': {
      const process = anyone();
      const again: Fault = { at: at + 50 + duration(), kind: 'start', process };
      return [{ at, kind, process }, ...(random.below(4) > 0 ? [again] : [])];
    }
    case 'start':
      return [{ at, kind, process: worker() }];
    case 'drain': {
      const process = worker();
      const again: Fault = { at: at + 1000 + duration(), kind: 'start', process };
      return [{ at, kind, process }, ...(random.below(2) > 0 ? [again] : [])];
    }
    case 'divide':
    case 'break': {
      const [process, from] = [worker(), worker()];
      if (process === from) return [];
      return kind === 'break'
        ? [{ at, kind, process, from }]
        : [{ at, kind, process, from, for: duration() }];
    }
    case 'stick':
      return [{ at, kind, process: worker(), for: duration() }];
    case 'unplug':
      return [{ at, kind, process: anyone() }];
    case 'bus-away': {
      // Every other time the servers are there, and nobody leads what they store.
      const lasts = duration();
      return [{ at, kind: lasts % 2 === 0 ? 'electing' : kind, for: lasts }];
    }
    case 'stop':
      return [{ at, kind }];
    default:
      return [{ at, kind, process: anyone(), for: duration() }];
  }
}

/** What operators ask for: among the faults, since they come at any time. */
function drawWords({ workers }: Setup, random: Random, draw: () => number): Fault[] {
  const words: Fault[] = [];
  for (let left = 1 + random.below(4); left > 0; left--) {
    // Early: once the plans of the last steps are out, nothing is left to pause.
    const at = 500 + Math.floor(draw() / 3);
    const kind = (['pause', 'pause', 'checkpoint', 'let-go'] as const)[random.below(4)] ?? 'pause';
    const long = durations[random.below(durations.length)] as number;
    if (kind === 'checkpoint') words.push({ at, kind });
    else if (kind === 'pause') words.push({ at, kind, for: 1000 + random.below(4 * long + 6000) });
    else words.push({ at, kind, process: workers[random.below(workers.length)] as string });
  }
  return words;
}

/** All workers, all coordinators or both are lost at about the same time, as a rack is. */
function drawDisaster(setup: Setup, random: Random, at: number): Fault[] {
  const { coordinators, workers } = setup;
  const lost = [workers, workers, coordinators, [...workers, ...coordinators]][random.below(4)];
  return (lost ?? workers).flatMap((process): Fault[] => {
    const killedAt = at + random.below(30);
    const startedAt = killedAt + 1 + random.below(3000);
    return [
      { at: killedAt, kind: 'kill', process },
      { at: startedAt, kind: 'start', process },
    ];
  });
}

/**
 * The hosts of the coordinators are moved one after the other, and each stands still meanwhile: for about
 * as long as others wait before they go on without it. Whoever leads is among them.
 */
function drawMove({ coordinators }: Setup, random: Random, at: number): Fault[] {
  return coordinators.map((process, index) => ({
    at: at + index * 4000 + random.below(1000),
    kind: 'suspend',
    process,
    for: 1500 + random.below(2000),
  }));
}

function drawKind(random: Random): FaultKind {
  let drawn = random.below(allWeights);
  for (const [kind, weight] of weights) {
    drawn -= weight;
    if (drawn < 0) return kind;
  }
  return 'kill';
}
