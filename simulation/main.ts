/** `npm run sim`: seeds that failed once, then new ones; the last line is JSON. */
import { codeOf } from '../shared/exit-codes.js';
import { type FailedSeed, readFailedSeeds, storeFailedSeed } from './failed-seeds.js';
import { runSeed, type SeedResult } from './run-seed.js';
import { faultLine, parseSchedule, scheduleText } from './schedule/fault.js';
import { shrinkSchedule } from './schedule/shrink.js';
import { readOptions, type SimOptions, usage } from './sim-options.js';
import { fromEventLoop } from './time/drain.js';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

/** A turn of the event loop in between lets a Ctrl-C through. */
async function simulate(options: SimOptions): Promise<void> {
  const began = performance.now();
  const isOne = options.faults !== null || options.trace || options.seeds === 1;
  let failed = 0;
  let seeds = 0;
  const run = async (seed: number, faults: SeedResult['faults'] | undefined): Promise<void> => {
    const trace = options.trace ? say : undefined;
    const result = await fromEventLoop(() => runSeed(seed, { faults, trace }));
    seeds++;
    if (seeds % 500 === 0) process.stderr.write(`${seeds} seeds, ${failed} failed\n`);
    if (result.found.length === 0) return;
    failed++;
    await fromEventLoop(() => report(result, options));
  };
  if (!isOne) {
    for (const { seed, schedule } of readFailedSeeds()) await run(seed, parseSchedule(schedule));
  }
  for (let seed = options.from; seed < options.from + options.seeds; seed++) {
    await run(seed, options.faults ?? undefined);
  }
  const minutes = (performance.now() - began) / 60_000;
  say(JSON.stringify({ seeds, failed, seeds_per_minute: Math.round(seeds / minutes) }));
  if (failed > 0) process.exitCode = 1;
}

function report(result: SeedResult, { shrink, store }: SimOptions): void {
  const { seed, found } = result;
  say(`seed ${seed} fails after ${Math.round(result.duration)} ms:`);
  for (const text of found) say(`  ${text}`);
  const faults = shrink ? shrunk(result) : result.faults;
  say(shrink ? `  shrunk from ${result.faults.length} faults to:` : '  with:');
  for (const fault of faults) say(`    ${faultLine(fault)}`);
  const schedule = scheduleText(faults);
  say(`  again: npm run sim -- --seed ${seed} --trace --schedule "${schedule}"`);
  const failedSeed: FailedSeed = { seed, schedule, found: firstLine(found[0] ?? '') };
  if (store) storeFailedSeed(failedSeed);
}

/** What fails otherwise is another failure. */
function shrunk({ seed, faults, found }: SeedResult): readonly SeedResult['faults'][number][] {
  const kind = kindOf(found);
  return shrinkSchedule(faults, (fewer) => kindOf(runSeed(seed, { faults: fewer }).found) === kind);
}

const firstLine = (text: string): string => text.split('\n')[0]?.slice(0, 300) ?? '';

/** The first sentence without its numbers and names. */
const kindOf = (found: readonly string[]): string =>
  firstLine(found[0] ?? '')
    .replace(/\d+|[0-9a-f]{16,}|(worker|coordinator)-\w+/g, '')
    .slice(0, 40);

try {
  const words = process.argv.slice(2);
  if (words.includes('--help')) process.stdout.write(usage);
  else await simulate(readOptions(words));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = codeOf(error) === 'INTERNAL' ? 1 : 2;
}
