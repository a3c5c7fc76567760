/** `lockstep doctor`: what training needs of this machine, what of it is missing, and what helps. */
import { parseArgs } from 'node:util';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { doctorHelp } from '../help.js';
import { sayFinished, sayJson } from '../output/json-line.js';
import { paints } from '../output/text/paints.js';
import { UsageError } from '../usage-error.js';
import type { Check } from './checks/check.js';
import { checkAll } from './checks/check-all.js';
import { doctorText } from './doctor-text.js';
import type { EngineName } from './facts/facts.js';
import { gatherFacts } from './facts/gather-facts.js';

/** @throws UsageError */
export async function doctorCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readArguments(words);
  if (given === null) {
    process.stdout.write(`${doctorHelp}\n`);
    return exitCodes.success;
  }
  const checks = checkAll(await gatherFacts(process.env), given.engine);
  const exitCode = exitCodeOfChecks(checks);
  if (given.json) {
    for (const check of checks) sayJson('check', check);
    const named = (level: Check['level']): string[] =>
      checks.filter((check) => check.level === level).map(({ name }) => name);
    sayFinished({ missing: named('missing'), warnings: named('warning') }, exitCode);
  } else {
    const columns = process.stdout.columns || usualColumns;
    const text = doctorText(checks, paints(process.stdout, process.env), columns);
    process.stdout.write(`${text}\n`);
  }
  return exitCode;
}

const usualColumns = 100;

/** A machine that cannot be used as it is, as the table of exit codes has it. */
const exitCodeOfChecks = (checks: readonly Check[]): ExitCode =>
  checks.some(({ level }) => level === 'missing') ? exitCodes.usage : exitCodes.success;

export const doctorOptions = {
  engine: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const engines: readonly EngineName[] = ['torch', 'tensorflow', 'wasm', 'cpu'];

function readArguments(
  words: readonly string[],
): { readonly engine: EngineName; readonly json: boolean } | null {
  const { values } = parsed(words);
  if (values.help === true) return null;
  const { engine: name = 'torch', json = false } = values;
  const engine = engines.find((known) => known === name);
  if (engine !== undefined) return { engine, json };
  throw new UsageError(
    `--engine must be one of ${engines.join(', ')}: current value is ${JSON.stringify(name)}`,
  );
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({ args: [...words], options: doctorOptions, strict: true });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep doctor --help")`, { cause });
  }
}
