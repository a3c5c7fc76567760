/**
 * From the text of a job to a complete, checked `TrainingJob`. Configuration is parsed once, here;
 * everything behind it relies on the type.
 */
import { JobSpecError } from '../errors.js';
import { specProblems } from './rules/problems.js';
import { brokenRules } from './rules/rules.js';
import { type TrainingJob, trainingJobSchema } from './schema.js';
import { applyOverrides } from './text/overrides.js';
import { yamlValue } from './text/yaml-value.js';

export type { TrainingJob } from './schema.js';

/** Characters; a job is some hundred lines, and a parser should not be given a dataset by mistake. */
export const longestJobText = 1024 * 1024;

/**
 * Reads a job from YAML (or JSON, which is YAML).
 *
 * @param overrides `path=value` each, applied in order; `spec.` may be left out of the path.
 * @throws JobSpecError that lists every problem.
 */
export function parseJob(text: string, overrides: readonly string[] = []): TrainingJob {
  return resolveJob(readJobValue(text, overrides));
}

/**
 * What a job's text says, not yet checked: for whoever must add to it what other files say.
 *
 * @throws JobSpecError where it is no YAML, or an override is none.
 */
export function readJobValue(text: string, overrides: readonly string[] = []): unknown {
  return applyOverrides(parseYaml(text), overrides);
}

/**
 * Checks a job that is already an object and fills in its defaults; a resolved job stays the same.
 *
 * @throws JobSpecError that lists every problem.
 */
export function resolveJob(value: unknown): TrainingJob {
  const result = trainingJobSchema.safeParse(value);
  if (!result.success) throw new JobSpecError(specProblems(result.error.issues, value));
  const problems = brokenRules(result.data);
  if (problems.length > 0) throw new JobSpecError(problems);
  return result.data;
}

function parseYaml(text: string): unknown {
  if (text.length > longestJobText) {
    const message = `must have at most ${longestJobText} characters: it has ${text.length}`;
    throw new JobSpecError([{ path: '', message }]);
  }
  const parsed = yamlValue(text);
  if (parsed.kind === 'value') return parsed.value;
  throw new JobSpecError(parsed.problems.map((message) => ({ path: '', message })));
}
