/** A job as text to begin with: every field with its default and what it means. */
import { resolveJob, type TrainingJob } from '../job-spec.js';
import { isOfCluster, type SpecField, specFields } from './reference.js';

/** Where the job's data is: one of the two ways of `spec.data`. */
export type TemplateData = { readonly dataset: string } | { readonly path: string };

const columns = 100;

/**
 * YAML that parses to the job with nothing but `data`. A field that others decide, or that excludes
 * one that is given, stands as a comment.
 *
 * @throws JobSpecError where the name or the data cannot be used.
 */
export function jobTemplate(name: string, data: TemplateData): string {
  const job = resolveJob({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name },
    spec: { data },
  });
  const lines = [...specFields().values()]
    // A job begins on one machine, and most of them stay there: these would be a third of the text.
    .filter(({ path, repeats }) => path !== '' && !repeats && !isOfCluster(path))
    .flatMap((field) => fieldLines(field, job));
  return `${[...introduction, ...lines].join('\n')}\n`;
}

const introduction = [
  '# A training job. Every field has its default here, and may be left out; what stands behind # is',
  '# not set. docs/job-spec.md lists the bounds, and the fields that only Kubernetes reads.',
];

function fieldLines(field: SpecField, job: TrainingJob): string[] {
  const names = field.path.split('.');
  const indent = '  '.repeat(names.length - 1);
  const name = names.at(-1) as string;
  const about = wrap(field.description, columns - indent.length - 2).map(
    (line) => `${indent}# ${line}`,
  );
  const value = valueAt(job, names);
  if (field.children.length > 0) {
    return [...about, hasFields(value) ? `${indent}${name}:` : `${indent}# ${name}:`];
  }
  // A default in words belongs to other fields: written out, it would not follow them.
  const follows = field.default !== null && !field.default.startsWith('`');
  const isSet = value !== undefined && !follows;
  const line = isSet
    ? `${name}: ${yamlOf(value)}`
    : `# ${name}: ${field.default?.replaceAll('`', '') ?? field.rule}`;
  return [...about, `${indent}${line}`];
}

const valueAt = (job: TrainingJob, names: readonly string[]): unknown =>
  names.reduce<unknown>(
    (value, name) => (value as Record<string, unknown> | undefined)?.[name],
    job,
  );

/** A name with nothing but comments below it would be null in YAML, and no mapping. */
const hasFields = (value: unknown): boolean => Object.keys(value ?? {}).length > 0;

/** JSON is YAML; a plain word reads better. */
const yamlOf = (value: unknown): string =>
  typeof value === 'string' && /^[A-Za-z][A-Za-z0-9./_-]*$/.test(value) && !isWordOfYaml(value)
    ? value
    : JSON.stringify(value);

/** Words that YAML would read as something else than text. */
const isWordOfYaml = (word: string): boolean => /^(true|false|null|yes|no|on|off)$/i.test(word);

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}
