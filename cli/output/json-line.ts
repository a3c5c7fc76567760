/** The lines of `--json` that are no events of a run. docs/json-output.md is about all of them. */
import type { ExitCode } from '../../shared/exit-codes.js';
import { exitCodes } from '../../shared/exit-codes.js';

/** One object a line, in the names of a history: snake_case, whatever they are inside the program. */
export function sayJson(kind: string, fields: object): void {
  const line = { kind, time: new Date().toISOString(), ...fields };
  process.stdout.write(`${JSON.stringify(snakeCase(line))}\n`);
}

/** The last line of a command that has done what it was asked. */
export const sayFinished = (fields: object, exitCode: ExitCode = exitCodes.success): void =>
  sayJson('finished', { exit_code: exitCode, ...fields });

/** The same value with the names of all its fields in snake_case. */
export function snakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeCase);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [snakeName(name), snakeCase(member)]),
  );
}

const snakeName = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
