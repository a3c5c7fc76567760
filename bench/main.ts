/** The `bench` command: `bench step ...`, `bench in-turns ...`. The last line is JSON. */

import { benchAllReduce } from './all-reduce.js';
import { benchControlPlane } from './control-plane/control-plane.js';
import { benchMembership } from './control-plane/membership.js';
import { benchLiveUpdates } from './dashboard/live-updates.js';
import { benchLongHistory } from './dashboard/long-history.js';
import { benchViewers } from './dashboard/watched-training.js';
import { benchInTurns } from './in-turns.js';
import { benchController } from './kubernetes/controller.js';
import { benchLogits } from './logits/logits.js';
import { benchPretrained } from './pretrained/pretrained.js';
import { benchSeeds } from './seeds/seeds.js';
import { benchStateHash } from './state-hash.js';
import { benchStep } from './step.js';
import { benchSurvey } from './survey.js';
import { benchTastes } from './tastes/write-tastes.js';
import { benchTransfer } from './transfer.js';

const benchmarks: Readonly<Record<string, (args: string[]) => Promise<void>>> = {
  step: benchStep,
  survey: benchSurvey,
  'in-turns': benchInTurns,
  'all-reduce': benchAllReduce,
  seeds: benchSeeds,
  pretrained: benchPretrained,
  'state-hash': benchStateHash,
  tastes: benchTastes,
  logits: benchLogits,
  transfer: benchTransfer,
  'control-plane': benchControlPlane,
  membership: benchMembership,
  controller: benchController,
  viewers: benchViewers,
  'live-updates': benchLiveUpdates,
  'long-history': benchLongHistory,
};

const [name = '', ...args] = process.argv.slice(2);
const benchmark = benchmarks[name];
if (benchmark === undefined) {
  const names = Object.keys(benchmarks).join(', ');
  console.error(`Cannot run benchmark "${name}": it must be one of ${names}`);
  process.exitCode = 2;
} else {
  try {
    await benchmark(args);
  } catch (error) {
    // What has a code was foreseen and says it all: an engine that is not there, a failed command.
    const { code, message, stack } = error as Error & { code?: unknown };
    console.error(typeof code === 'string' ? message : (stack ?? message));
    process.exitCode = 1;
  }
}
