/**
 * From the text of a job to a complete, checked `TrainingJob`. Configuration is parsed once, here;
 * everything behind it relies on the type.
 */
import { LineCounter, parseDocument } from 'yaml';
import { JobSpecError } from '../errors.js';
import { applyOverrides } from './overrides.js';
import { specProblems } from './problems.js';
import { brokenRules } from './rules.js';
import { type TrainingJob, trainingJobSchema } from './schema.js';

export type { TrainingJob } from './schema.js';

/** Characters; a job is some hundred lines, and a parser should not be given a dataset by mistake. */
const longestText = 1024 * 1024;

/**
 * Reads a job from YAML (or JSON, which is YAML).
 *
 * @param overrides `path=value` each, applied in order; `spec.` may be left out of the path.
 * @throws JobSpecError that lists every problem.
 */
export function parseJob(text: string, overrides: readonly string[] = []): TrainingJob {
  return resolveJob(applyOverrides(parseYaml(text), overrides));
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
  if (text.length > longestText) {
    const message = `must have at most ${longestText} characters: it has ${text.length}`;
    throw new JobSpecError([{ path: '', message }]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    throw new JobSpecError(
      document.errors.map((error) => {
        const { line, col } = lines.linePos(error.pos[0]);
        return { path: '', message: `line ${line}, column ${col}: ${error.message}` };
      }),
    );
  }
  try {
    return document.toJS();
  } catch (cause) {
    // Aliases that multiply without end, which only shows when they are followed.
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new JobSpecError([{ path: '', message }], { cause });
  }
}
