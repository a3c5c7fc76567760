/**
 * `npm run --silent bench -- viewers`: whether a training is slower while many look at it. One run, in turns with viewers and
 * without: neighbours in time meet the same machine, and the steps of one turn are some ten to some hundred.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Command, startCommand } from '../../e2e/run/command.js';
import { projectRoot } from '../../shared/project-root.js';
import { median } from '../median.js';
import { type Pair, pairedRatios, pairsTable } from '../paired-ratios.js';
import { Viewers } from './viewers.js';

const usage =
  'npm run bench -- viewers [--job examples/movielens-quick.yaml] [--workers 2] [--viewers 50] ' +
  '[--turns 12] [--seconds 20]';

/** Steps before the first turn: code is compiled, links are warm. */
const warmSteps = 20;
/** Of each turn: whoever joins gets what is there already. */
const settleSteps = 2;

export async function benchViewers(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      job: { type: 'string', default: 'examples/movielens-quick.yaml' },
      workers: { type: 'string', default: '2' },
      viewers: { type: 'string', default: '50' },
      turns: { type: 'string', default: '12' },
      seconds: { type: 'string', default: '20' },
    },
  });
  const [viewers, turns, seconds] = [values.viewers, values.turns, values.seconds].map(Number);
  if (!(viewers && turns && seconds)) throw new RangeError(`Cannot run the benchmark: ${usage}`);
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  const run = startTraining(values.job, values.workers, join(folder, 'run'));
  try {
    const [, dashboard = ''] = (await run.warned(/^dashboard: (\S+)$/)) ?? [];
    await run.committed(warmSteps);
    const pairs = await inTurns(run, await eventsOf(dashboard), { viewers, turns, seconds });
    console.log(pairsTable(pairs));
    const { ratios, median, least, most } = pairedRatios(pairs);
    console.log(JSON.stringify({ viewers, seconds, ratios, median, least, most }));
  } finally {
    run.process.kill('SIGINT');
    await run.end;
    rmSync(folder, { recursive: true, force: true });
  }
}

function startTraining(job: string, workers: string, output: string): Command {
  const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
  // Longer than any measurement, at one learning rate.
  const set = ['--set', 'duration.epochs=1000', '--set', 'checkpoint.everySteps=1000000'];
  const words = ['train', job, '--workers', workers, '--output', output, ...set, '--json'];
  return startCommand(program, words);
}

async function eventsOf(dashboard: string): Promise<string> {
  const answer = await fetch(new URL('api/runs', dashboard));
  const runs = (await answer.json()) as readonly { readonly id: string }[];
  return new URL(`api/runs/${runs[0]?.id}/events`, dashboard).href;
}

interface Turns {
  readonly viewers: number;
  readonly turns: number;
  readonly seconds: number;
}

/** Seconds of a step with viewers, and without, of each pair of turns; who is first changes from pair to pair. */
async function inTurns(run: Command, url: string, wanted: Turns): Promise<Pair[]> {
  const audience = new Viewers(url);
  try {
    const pairs: Pair[] = [];
    for (let pair = 0; pair < wanted.turns; pair++) {
      const turn = async (viewers: number): Promise<number> => {
        await audience.are(viewers);
        return stepSeconds(run, wanted.seconds);
      };
      const order = pair % 2 === 0 ? [wanted.viewers, 0] : [0, wanted.viewers];
      const times = new Map<number, number>();
      for (const viewers of order) times.set(viewers, await turn(viewers));
      pairs.push({ first: times.get(wanted.viewers) as number, second: times.get(0) as number });
    }
    return pairs;
  } finally {
    audience.close();
  }
}

/** The median of a turn. */
async function stepSeconds(run: Command, seconds: number): Promise<number> {
  const first = run.lines.length;
  await delay(seconds * 1000);
  const steps = run.lines.slice(first).filter(({ kind }) => kind === 'committed');
  return median(steps.slice(settleSteps).map(({ step_seconds }) => Number(step_seconds)));
}
