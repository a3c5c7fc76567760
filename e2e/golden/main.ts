/** The `golden` command: trains a golden case and writes what came out, to be compared. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { encodeSafetensors } from '../../shared/safetensors.js';
import { openEngine } from '../../worker/engine/open-engine.js';
import { GoldenUsageError, parseGoldenOptions, usage } from './golden-options.js';
import { mostWorkers, runCase } from './run-case.js';

async function main(args: readonly string[]): Promise<void> {
  const { prefix, engine, workers, out } = parseGoldenOptions(args);
  const most = mostWorkers(resolve(prefix));
  if (workers > most) {
    throw new GoldenUsageError(
      `--workers must be at most the lanes of the case, ${most}: current value is ${workers}`,
    );
  }
  await openEngine(engine, { threads: 1 });
  writeFileSync(resolve(out), encodeSafetensors(await runCase(resolve(prefix), workers)));
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (error instanceof GoldenUsageError) console.error(`${error.message}\n${usage}`);
  else console.error(error);
  process.exitCode = error instanceof GoldenUsageError ? 2 : 1;
}
