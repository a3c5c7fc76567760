/** `lockstep bench`: shows what the benchmark, a process of its own, measures. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { benchHelp } from '../help.js';
import { sayFinished, sayJson } from '../output/json-line.js';
import { UsageError } from '../usage-error.js';
import { type BenchArguments, readBenchArguments } from './bench-arguments.js';
import { benchTable, isFailed, type Measurement } from './bench-table.js';

const program = fileURLToPath(new URL('../../bench/main.js', import.meta.url));
const builtInBatches = fileURLToPath(new URL('bench/batches/', projectRoot));

/** @throws UsageError before anything is started. */
export async function benchCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readBenchArguments(words);
  if (given === null) {
    process.stdout.write(`${benchHelp}\n`);
    return exitCodes.success;
  }
  const batch = locate(given.batch);
  const measurements: Measurement[] = [];
  const code = await survey(batch, given, (measurement) => {
    measurements.push(measurement);
    if (given.json) sayJson('measured', measurement);
    else if (!isFailed(measurement))
      note(`${measurement.engine} in ${measurement.dtype}: measured`);
  });
  if (code === exitCodes.usage) {
    throw new UsageError(`Cannot measure with the batch "${given.batch}": see the message above`);
  }
  if (code !== exitCodes.success) throw new BenchmarkError(`the benchmark ended with ${code}`);
  if (!given.json) process.stdout.write(`${benchTable(measurements)}\n`);
  if (measurements.every(isFailed)) {
    const reasons = measurements.map(({ engine, failed }) => `${engine}: ${failed}`);
    throw new BenchmarkError(`no engine could be measured: ${reasons.join('; ')}`);
  }
  if (given.json) sayFinished({ batch: given.batch, measurements });
  return exitCodes.success;
}

/** There is nothing to show; the message says why. */
class BenchmarkError extends Error {
  override readonly name = 'BenchmarkError';
  readonly code = 'BENCHMARK_FAILED';

  constructor(reason: string) {
    super(`Cannot measure: ${reason}`);
  }
}

/** @returns the batch's path without endings. */
function locate(batch: string): string {
  const places = [batch, `${builtInBatches}${batch}`];
  const found = places.find((prefix) => existsSync(`${prefix}.json`));
  if (found !== undefined) return found;
  const names = readdirSync(builtInBatches)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.replace(/\.json$/, ''));
  throw new UsageError(
    `Cannot find the batch "${batch}": it must be one of ${names.join(', ')}, or a path without ` +
      'its endings',
  );
}

/** @returns how the process ended. */
async function survey(
  batch: string,
  { engines, threads, steps }: BenchArguments,
  onMeasurement: (measurement: Measurement) => void,
): Promise<number | null> {
  const words = ['survey', '--batch', batch, '--threads', `${threads}`, '--steps', `${steps}`];
  const chosen = engines.flatMap((engine) => ['--engine', engine]);
  note(`measuring ${steps + 1} steps for each engine and precision`);
  const child = spawn(process.execPath, [program, ...words, ...chosen], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => onMeasurement(JSON.parse(line) as Measurement));
  const allRead = once(lines, 'close');
  const [code] = (await once(child, 'close')) as [number | null];
  await allRead;
  return code;
}

const note = (text: string): unknown => process.stderr.write(`${text}\n`);
