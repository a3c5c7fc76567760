/**
 * `npm run --silent bench -- in-turns --rounds N -- COMMAND_A --- COMMAND_B`: runs two programs
 * A B A B and compares the `step_seconds` that each prints as JSON in its last such line, pair by
 * pair. Their errors come through.
 */
import { spawn } from 'node:child_process';
import { type InTurnsOptions, inTurnsUsage, parseInTurnsOptions } from './in-turns-options.js';
import { median } from './median.js';
import { type Pair, pairedRatios, pairsTable, stepSecondsOf } from './paired-ratios.js';

export async function benchInTurns(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) {
    process.exitCode = 2;
    return;
  }
  const { rounds, first, second } = options;
  const pairs: Pair[] = [];
  for (let round = 1; round <= rounds; round++) {
    const pair = { first: await stepSeconds(first), second: await stepSeconds(second) };
    pairs.push(pair);
    console.error(
      `pair ${round}/${rounds}  ${pair.first.toFixed(3)} s  ${pair.second.toFixed(3)} s`,
    );
  }
  console.log(`A: ${first.join(' ')}\nB: ${second.join(' ')}\n${pairsTable(pairs)}`);
  const found = pairedRatios(pairs);
  console.log(
    JSON.stringify({
      benchmark: 'in-turns',
      rounds,
      first: { command: first, step_seconds: median(pairs.map((pair) => pair.first)) },
      second: { command: second, step_seconds: median(pairs.map((pair) => pair.second)) },
      pairs,
      ratios: found.ratios,
      ratio: found.median,
      ratio_range: [found.least, found.most],
    }),
  );
}

/** A program that was to be measured failed, or says no time. */
class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError';
  readonly code = 'COMMAND_FAILED';

  constructor(command: readonly string[], problem: string, options?: ErrorOptions) {
    super(`Cannot measure "${command.join(' ')}": ${problem}`, options);
  }
}

/** @throws CommandFailedError */
async function stepSeconds(command: readonly string[]): Promise<number> {
  const [program, ...words] = command;
  const child = spawn(program as string, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const ending = await new Promise<number | NodeJS.Signals | null>((resolve, reject) => {
    child.once('error', (cause) =>
      reject(new CommandFailedError(command, cause.message, { cause })),
    );
    child.once('close', (code, signal) => resolve(code ?? signal));
  });
  if (ending !== 0) {
    throw new CommandFailedError(command, `it ended with ${ending}: it must end with 0`);
  }
  const seconds = stepSecondsOf(output);
  if (seconds === null) {
    throw new CommandFailedError(command, 'no line of its output is JSON with step_seconds');
  }
  return seconds;
}

function readOptions(args: string[]): InTurnsOptions | null {
  try {
    return parseInTurnsOptions(args);
  } catch (error) {
    console.error(`Cannot run in turns: ${(error as Error).message}\n${inTurnsUsage}`);
    return null;
  }
}
