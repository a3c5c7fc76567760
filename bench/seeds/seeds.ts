/**
 * `bench seeds --output FOLDER -- JOB`: one job with several seeds, one after the other, and what
 * they reach with its interval, so that a difference between two jobs can be told from chance.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { type EvaluatedRow, outcomes, outcomesTable } from './outcomes.js';
import { parseSeedsOptions, type SeedsOptions, seedsUsage } from './seeds-options.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

export async function benchSeeds(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) {
    process.exitCode = 2;
    return;
  }
  const runs: (readonly EvaluatedRow[])[] = [];
  const seconds: number[] = [];
  for (const seed of options.seeds) {
    const begun = performance.now();
    runs.push(await train(options, seed));
    seconds.push((performance.now() - begun) / 1000);
    console.error(`seed ${seed}: trained in ${seconds.at(-1)?.toFixed(0)} s`);
  }
  const found = outcomes(runs);
  console.log(outcomesTable(found.filter(({ split }) => split === 'test')));
  const { seeds, words } = options;
  console.log(JSON.stringify({ benchmark: 'seeds', seeds, words, seconds, outcomes: found }));
}

/** The rows that the run's last evaluation has. */
async function train({ output, words }: SeedsOptions, seed: number): Promise<EvaluatedRow[]> {
  const chosen = ['--set', `seed=${seed}`, '--output', `${output}/seed-${seed}`, '--json'];
  const child = spawn(process.execPath, [program, 'train', ...words, ...chosen], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let rows: EvaluatedRow[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as { kind: string; results?: EvaluatedRow[] };
    if (event.kind === 'evaluated') rows = event.results ?? [];
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code === 0 && rows.length > 0) return rows;
  throw new Error(`Cannot compare seeds: the training with seed ${seed} ended with ${code}`);
}

function readOptions(args: string[]): SeedsOptions | null {
  try {
    return parseSeedsOptions(args);
  } catch (error) {
    console.error(`Cannot run the seeds: ${(error as Error).message}\n${seedsUsage}`);
    return null;
  }
}
