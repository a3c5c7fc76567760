import { parseArgs } from 'node:util';
import { type EngineName, engineNames } from '../../worker/engine/engine.js';

export interface GoldenOptions {
  /** Path of the case's files, without their endings. */
  readonly prefix: string;
  readonly engine: EngineName;
  readonly workers: number;
  readonly out: string;
}

export const usage =
  `usage: npm run --silent golden -- --case PREFIX --engine ${engineNames.join('|')} ` +
  '--workers N --out FILE';

/** The command line does not say what to do. */
export class GoldenUsageError extends Error {
  override readonly name = 'GoldenUsageError';
  readonly code = 'GOLDEN_USAGE';
}

/** @throws GoldenUsageError */
export function parseGoldenOptions(args: readonly string[]): GoldenOptions {
  const values = parseValues(args);
  const engine = engineNames.find((name) => name === values.engine);
  if (engine === undefined) {
    throw new GoldenUsageError(
      `--engine must be one of ${engineNames.join(', ')}: current value is "${values.engine}"`,
    );
  }
  const workers = Number(values.workers);
  if (!Number.isInteger(workers) || workers < 1) {
    throw new GoldenUsageError(
      `--workers must be a positive integer: current value is "${values.workers}"`,
    );
  }
  return { prefix: required(values, 'case'), engine, workers, out: required(values, 'out') };
}

type Values = Partial<Record<'case' | 'engine' | 'workers' | 'out', string>>;

function parseValues(args: readonly string[]): Values {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        case: { type: 'string' },
        engine: { type: 'string', default: 'torch' },
        workers: { type: 'string', default: '1' },
        out: { type: 'string' },
      },
    });
    return values;
  } catch (cause) {
    throw new GoldenUsageError((cause as Error).message, { cause });
  }
}

function required(values: Values, name: 'case' | 'out'): string {
  const value = values[name];
  if (value === undefined) throw new GoldenUsageError(`--${name} is missing`);
  return value;
}
