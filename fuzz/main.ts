/**
 * Fuzzes the readers of bytes from outside for as long as is wanted: `npm run fuzz -- --help`. Every
 * input that fails is kept in fuzz/corpus, from where the tests try it again from then on.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { check } from './check.js';
import { keepInput, keptInputs } from './corpus.js';
import { findingText, fuzz } from './fuzz.js';
import { problemText, type Target } from './target.js';
import { targets } from './targets/targets.js';

const help = `npm run fuzz -- [--seconds N] [--only NAME] [--seed S]

  --seconds N  time in all, shared by the targets (60)
  --only NAME  one target: ${targets()
    .map(({ name }) => name)
    .join(', ')}
  --seed S     of the inputs, an integer in [0, 2^31); a random one is drawn and printed otherwise`;

interface Options {
  readonly seconds: number;
  readonly seed: number;
  readonly chosen: readonly Target[];
}

/** A text is for the user. */
function readOptions(words: readonly string[]): Options | string {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seconds: { type: 'string', default: '60' },
      only: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return help;
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) return `--seconds must be above 0: current value is "${values.seconds}"`;
  const seed = values.seed === undefined ? randomInt(2 ** 31) : Number(values.seed);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 31) {
    return `--seed must be an integer in [0, 2^31): current value is "${values.seed}"`;
  }
  const chosen = targets().filter(({ name }) => values.only === undefined || values.only === name);
  if (chosen.length > 0) return { seconds, seed, chosen };
  const names = targets().map(({ name }) => name);
  return `--only must be one of ${names.join(', ')}: current value is "${values.only}"`;
}

/** @returns how many inputs failed */
async function run({ seconds, seed, chosen }: Options): Promise<number> {
  console.log(`fuzz: seed ${seed}, ${seconds} s for ${chosen.length} targets`);
  const known = chosen.flatMap(brokenAgain);
  for (const text of known) console.log(text);
  const milliseconds = (seconds * 1000) / chosen.length;
  const results = await fuzz(chosen, { seed, milliseconds });
  for (const result of results) {
    console.log(findingText(result, seed));
    if (result.finding === null) continue;
    console.log(`  kept as ${keepInput(result.target, result.finding.input)}`);
  }
  return known.length + results.filter(({ finding }) => finding !== null).length;
}

/** What has failed before and fails now. */
function brokenAgain(target: Target): string[] {
  return keptInputs(target.name).flatMap(({ file, input }) => {
    const problem = check(target, input);
    return problem === null ? [] : [`${target.name}: ${file}: ${problemText(problem)}`];
  });
}

let options: Options | string;
try {
  options = readOptions(process.argv.slice(2));
} catch (error) {
  options = (error as Error).message;
}
if (typeof options === 'string') {
  console.log(options);
  process.exitCode = options === help ? 0 : 2;
} else {
  process.exitCode = (await run(options)) === 0 ? 0 : 1;
}
