/**
 * `npm run --silent bench -- viewers`: whether a training is slower while many look at it. One run, in turns with viewers and
 * without: neighbours in time meet the same machine, and the steps of one turn are some ten to some hundred. What a step costs of
 * processor time tells the same where other work shares the machine, as long as the run could use all of it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Command, startCommand } from '../../e2e/run/command.js';
import { projectRoot } from '../../shared/project-root.js';
import { cpuSeconds } from '../control-plane/process-cpu.js';
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
    const [time, processor] = [pairs.map(({ time }) => time), pairs.map(({ cpu }) => cpu)];
    console.log(`time of a step, with ${viewers} viewers (A) and without\n${pairsTable(time)}`);
    console.log(`processor time of a step, of all processes of the run\n${pairsTable(processor)}`);
    const told = { time: pairedRatios(time), processor: pairedRatios(processor) };
    console.log(JSON.stringify({ viewers, seconds, ...told }));
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

/** Of a step. */
interface Turn {
  /** Seconds, in the median. */
  readonly time: number;
  /** Seconds of a core, on average. */
  readonly cpu: number;
}

/** Of each pair of turns, with viewers and without; who is first changes from pair to pair. */
async function inTurns(
  run: Command,
  url: string,
  wanted: Turns,
): Promise<{ readonly time: Pair; readonly cpu: Pair }[]> {
  const audience = new Viewers(url);
  try {
    const pairs: { time: Pair; cpu: Pair }[] = [];
    for (let pair = 0; pair < wanted.turns; pair++) {
      const turn = async (viewers: number): Promise<Turn> => {
        await audience.are(viewers);
        return measure(run, wanted.seconds);
      };
      const isFirst = pair % 2 === 0;
      const before = isFirst ? await turn(wanted.viewers) : null;
      const without = await turn(0);
      const watched = before ?? (await turn(wanted.viewers));
      pairs.push({
        time: { first: watched.time, second: without.time },
        cpu: { first: watched.cpu, second: without.cpu },
      });
    }
    return pairs;
  } finally {
    audience.close();
  }
}

async function measure(run: Command, seconds: number): Promise<Turn> {
  const pids = [...run.pids].filter(([name]) => name !== 'nats-server').map(([, pid]) => pid);
  const used = (): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
  const [first, before] = [run.lines.length, used()];
  await delay(seconds * 1000);
  const cpu = used() - before;
  const steps = run.lines.slice(first).filter(({ kind }) => kind === 'committed');
  const times = steps.slice(settleSteps).map(({ step_seconds }) => Number(step_seconds));
  return { time: median(times), cpu: cpu / steps.length };
}
