/** Fields set from outside the file: `--set optimizer.learningRate=0.003`. */
import { type JobProblem, JobSpecError } from '../../errors.js';
import { exclusiveFields } from '../schema.js';
import { specFields } from './reference.js';
import { yamlValue } from './yaml-value.js';

type Mapping = Record<string, unknown>;

const topLevel = new Set(['apiVersion', 'kind', 'metadata', 'spec']);
const fieldName = /^[A-Za-z][A-Za-z0-9]*$/;

/**
 * The job with every `path=value` applied in order; `job` itself stays as it was.
 *
 * @throws JobSpecError naming every override that is not one.
 */
export function applyOverrides(job: unknown, overrides: readonly string[]): unknown {
  const result = structuredClone(job);
  const problems = overrides.flatMap((override) => {
    const problem = applyOne(result, override);
    return problem === null ? [] : [problem];
  });
  if (problems.length > 0) throw new JobSpecError(problems);
  return result;
}

function applyOne(job: unknown, override: string): JobProblem | null {
  const equals = override.indexOf('=');
  const names = equals < 1 ? [] : override.slice(0, equals).trim().split('.');
  if (names.length === 0 || !names.every((name) => fieldName.test(name))) {
    return refused(override, 'must be path=value, such as optimizer.learningRate=0.003');
  }
  const path = topLevel.has(names[0] as string) ? names : ['spec', ...names];
  const parsed = yamlValue(override.slice(equals + 1));
  if (parsed.kind === 'problems') {
    return refused(override, `its value is not YAML: ${parsed.problems[0]}`);
  }
  if (setAt(job, path, parsed.value) || isFaultOfJob(job, path)) return null;
  return refused(override, 'a field above it is not a mapping');
}

/** An override is one line of a message, whatever stands in it. */
const longestShown = 80;

const refused = (override: string, why: string): JobProblem => ({
  path: '',
  message: `--set ${override.slice(0, longestShown)}${override.length > longestShown ? '...' : ''}: ${why}`,
});

/**
 * Whether the path breaks off at a field that should be a mapping: then the job itself is wrong, which
 * its rules say better than a word about an override.
 */
function isFaultOfJob(job: unknown, path: readonly string[]): boolean {
  let at = job;
  for (const [index, name] of path.entries()) {
    if (!isMapping(at)) {
      const field = specFields().get(path.slice(0, index).join('.'));
      return field !== undefined && field.children.length > 0;
    }
    at = at[name];
  }
  return false;
}

/** False where something on the way is no mapping. */
function setAt(job: unknown, path: readonly string[], value: unknown): boolean {
  let at = job;
  for (const name of path.slice(0, -1)) {
    if (!isMapping(at)) return false;
    if (!Object.hasOwn(at, name) || at[name] === null) at[name] = {};
    at = at[name];
  }
  if (!isMapping(at)) return false;
  for (const other of excludedBy(path)) delete at[other];
  at[path.at(-1) as string] = value;
  return true;
}

const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Names of the fields beside `path` that may not be given together with it. */
function excludedBy(path: readonly string[]): string[] {
  const joined = path.join('.');
  const group = exclusiveFields.find(({ paths }) => paths.includes(joined));
  return (group?.paths ?? [])
    .filter((field) => field !== joined)
    .map((field) => field.slice(field.lastIndexOf('.') + 1));
}
