/** What the schema says about each field, as a flat list: for error messages and the docs. */
import { z } from 'zod';
import { trainingJobSchema } from './schema.js';

export interface SpecField {
  /** `spec.optimizer.learningRate`. */
  readonly path: string;
  readonly description: string;
  /** Completes "must be ..."; "a mapping" for a field that holds others. */
  readonly rule: string;
  /** What a job without the field gets; null where it is required or absent by default. */
  readonly default: string | null;
  readonly required: boolean;
  /** Names of the fields within; empty for a leaf. */
  readonly children: readonly string[];
}

interface Node {
  readonly description?: string;
  readonly rule?: string;
  readonly defaultRule?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
}

let fields: ReadonlyMap<string, SpecField> | null = null;

/** Every field, parents before children, in the order of the schema. The root has the path "". */
export function specFields(): ReadonlyMap<string, SpecField> {
  fields ??= collect();
  return fields;
}

function collect(): ReadonlyMap<string, SpecField> {
  const root = z.toJSONSchema(trainingJobSchema, { io: 'input' }) as Node;
  const found = new Map<string, SpecField>();
  visit('', root, true, found);
  return found;
}

function visit(path: string, node: Node, required: boolean, found: Map<string, SpecField>): void {
  const children = Object.entries(node.properties ?? {});
  found.set(path, {
    path,
    description: node.description ?? '',
    rule: node.rule ?? 'a mapping',
    default: defaultOf(node),
    required,
    children: children.map(([name]) => name),
  });
  for (const [name, child] of children) {
    const childPath = path === '' ? name : `${path}.${name}`;
    // What only an optional mapping needs is not needed by the job.
    visit(childPath, child, required && (node.required?.includes(name) ?? false), found);
  }
}

function defaultOf(node: Node): string | null {
  if (node.defaultRule !== undefined) return node.defaultRule;
  if (node.properties !== undefined || node.default === undefined) return null;
  return `\`${JSON.stringify(node.default)}\``;
}

/** The page docs/job-spec.md, which a test compares with the file. */
export function specReferencePage(): string {
  const rows = [...specFields().values()]
    .filter(({ children }) => children.length === 0)
    .map((field) => {
      const cells = [`\`${field.path}\``, field.rule, defaultCell(field), field.description];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    });
  return [
    ...introduction,
    '| field | must be | default | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

const defaultCell = (field: SpecField): string =>
  field.default ?? (field.required ? 'required' : '');

const introduction = [
  '# The job spec',
  '',
  'A job is one YAML file in the shape of a Kubernetes object; `examples/` holds two. Any field can',
  'be set on the command line with `--set path=value`, where the value is YAML and a leading `spec.`',
  'may be left out: `--set optimizer.learningRate=0.003`. An unknown field is an error. Setting one of',
  'several fields that exclude each other removes the others.',
  '',
  'Beyond the table: `model.user.hiddenSize` equals `model.item.hiddenSize`; `heads` divides',
  '`hiddenSize` into an even head size, unless `headSize` says another, and is a multiple of',
  '`keyValueHeads`; `ropeScaling` of the kind `llama3` has all its fields; the warm-up is no longer',
  'than the training; the engine `cpu` has one thread.',
  '',
  '`workers`, `checkpoint`, `evaluation`, `metadata` and the places of the dataset and of `init.from` do not',
  'change the trained weights; everything else is the job’s identity, and a checkpoint continues only under',
  'the same identity and the same dataset content. With `optimizer.schedule.kind: constant` the duration is',
  'none of it: such a job may be resumed with a longer one. The other schedules stretch over the duration;',
  '`--init-from RUN` trains on from the weights of a run under any other job.',
  '',
  'Relative paths are relative to the job’s file, those on the command line to where it is given.',
  '',
  'This page is generated from `shared/job-spec/schema.ts`; a test keeps it current, and writes it anew with',
  '`LOCKSTEP_UPDATE=1 node --test dist/shared/job-spec/reference.test.js`.',
  '',
];
