/** What the schema says about each field, as a flat list: for error messages and the docs. */
import { z } from 'zod';
import { clusterFields } from '../on-cluster.js';
import { trainingJobSchema } from '../schema.js';

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
  /** The kinds of the mapping around it that have this field; null where all have it. */
  readonly kinds: readonly string[] | null;
  /** A field of each stage that means what the job's own of that name means. */
  readonly repeats: boolean;
}

interface Node {
  readonly description?: string;
  readonly rule?: string;
  readonly defaultRule?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  /** The forms of a mapping whose field `kind` says which of them it is. */
  readonly oneOf?: readonly Node[];
  /** The elements of a list. */
  readonly items?: Node;
  readonly const?: string;
  readonly enum?: readonly string[];
}

const mapping = 'a mapping';

let fields: ReadonlyMap<string, SpecField> | null = null;

/** Every field, parents before children, in the order of the schema. The root has the path "". */
export function specFields(): ReadonlyMap<string, SpecField> {
  fields ??= collect();
  return fields;
}

function collect(): ReadonlyMap<string, SpecField> {
  const root = z.toJSONSchema(trainingJobSchema, { io: 'input' }) as Node;
  const found = new Map<string, SpecField>();
  visit({ path: '', node: root, required: true, kinds: null }, found);
  return found;
}

interface Visit extends Pick<SpecField, 'path' | 'required' | 'kinds'> {
  readonly node: Node;
}

const stagesPath = 'spec.stages.';

const repeatsField = (path: string, found: ReadonlyMap<string, SpecField>): boolean =>
  path.startsWith(stagesPath) && found.has(path.replace(stagesPath, 'spec.'));

/**
 * The field that a path in a job speaks of: elements of a list have their fields in common, so
 * `spec.stages.1.batch` is `spec.stages.batch`.
 */
export const fieldAt = (names: readonly string[]): SpecField | undefined =>
  specFields().get(names.filter((name) => !/^\d+$/.test(name)).join('.'));

function visit({ path, node, required, kinds }: Visit, found: Map<string, SpecField>): void {
  // Other lists say in their rule what an element is.
  const children = childrenOf(path === 'spec.stages' ? (node.items ?? node) : node);
  const words = node.description ?? '';
  const only = kinds === null || words === '' ? '' : ` Only for the kind ${kinds.join(' or ')}.`;
  found.set(path, {
    path,
    description: words + only,
    rule: node.rule ?? mapping,
    default: defaultOf(node),
    required,
    children: children.map(({ name }) => name),
    kinds,
    repeats: repeatsField(path, found),
  });
  for (const { name, node: child, kinds: of } of children) {
    const childPath = path === '' ? name : `${path}.${name}`;
    // What only an optional mapping needs is not needed by the job.
    const needed = required && (node.required?.includes(name) ?? false);
    visit({ path: childPath, node: child, required: needed, kinds: of }, found);
  }
}

interface Child {
  readonly name: string;
  readonly node: Node;
  readonly kinds: readonly string[] | null;
}

/** Those of every form, in the order in which the forms have them. */
function childrenOf({ properties, oneOf = [] }: Node): Child[] {
  const plain = Object.entries(properties ?? {});
  if (oneOf.length === 0) return plain.map(([name, node]) => ({ name, node, kinds: null }));
  const names = new Set(oneOf.flatMap((form) => Object.keys(form.properties ?? {})));
  return [...names].map((name) => {
    const forms = oneOf.filter((form) => form.properties?.[name] !== undefined);
    const node = forms[0]?.properties?.[name] as Node;
    return { name, node, kinds: forms.length === oneOf.length ? null : forms.flatMap(kindsOf) };
  });
}

function kindsOf({ properties }: Node): readonly string[] {
  const kind = properties?.kind;
  return kind?.const === undefined ? (kind?.enum ?? []) : [kind.const];
}

function defaultOf(node: Node): string | null {
  if (node.defaultRule !== undefined) return node.defaultRule;
  if (node.properties !== undefined || node.oneOf !== undefined) return null;
  if (node.default === undefined) return null;
  return `\`${JSON.stringify(node.default)}\``;
}

/** The page docs/job-spec.md, which a test compares with the file. */
export function specReferencePage(): string {
  const shown = [...specFields().values()].filter(
    ({ children, rule, repeats }) => (children.length === 0 || rule !== mapping) && !repeats,
  );
  return [
    ...introduction,
    ...table(shown.filter(({ path }) => !isOfCluster(path))),
    ...onKubernetes,
    ...table(shown.filter(({ path }) => isOfCluster(path))),
  ].join('\n');
}

/** Fields that only a cluster reads. */
export const isOfCluster = (path: string): boolean =>
  /^metadata\.(?!name$)/.test(path) || clusterFields.includes(path.split('.')[1] ?? '');

const table = (fields: readonly SpecField[]): string[] => [
  '| field | must be | default | meaning |',
  '|---|---|---|---|',
  ...fields.map((field) => {
    const cells = [`\`${field.path}\``, field.rule, defaultCell(field), field.description];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  }),
  '',
];

const defaultCell = (field: SpecField): string =>
  field.default ?? (field.required ? 'required' : '');

const introduction = [
  '# The job spec',
  '',
  'A job is one YAML file in the shape of a Kubernetes object; `examples/` holds some. Any field can',
  'be set on the command line with `--set path=value`, where the value is YAML and a leading `spec.`',
  'may be left out: `--set optimizer.learningRate=0.003`. An unknown field is an error. Setting one of',
  'several fields that exclude each other removes the others. Some mappings have several kinds: a field that',
  'is only for some of them is an error with the others.',
  '',
  'Beyond the table: `model.user.hiddenSize` equals `model.item.hiddenSize`; `heads` divides',
  '`hiddenSize` into an even head size, unless `headSize` says another, and is a multiple of',
  '`keyValueHeads`; `ropeScaling` of the kind `llama3` has all its fields; the warm-up is no longer',
  'than the training; the engine `cpu` has one thread. A field of a stage means what the job’s own means.',
  '',
  '`workers`, `checkpoint`, `evaluation`, a `guard` that does not continue, `metadata`, the fields for',
  'Kubernetes below and the places of the dataset and of `init.from` do not change the trained weights;',
  'everything else is the job’s identity, and a checkpoint continues only under the same identity and the same',
  'dataset content. With `optimizer.schedule.kind: constant` the duration is none of it: such a job may be',
  'resumed with a longer one. The other schedules stretch over the duration; `--init-from RUN` trains on from',
  'the weights of a run under any other job. Of a job with stages only the last one may be longer: where',
  'another ends, the next begins.',
  '',
  'Relative paths are relative to the job’s file, those on the command line to where it is given.',
  '',
  'This page is generated from `shared/job-spec/schema.ts`; a test keeps it current, and writes it anew with',
  '`LOCKSTEP_UPDATE=1 node --test dist/shared/job-spec/text/reference.test.js`.',
  '',
];

const onKubernetes = [
  '## On Kubernetes',
  '',
  'The same file is applied to a cluster (`kubectl apply -f FILE`); `examples/k8s/` holds some. These fields are',
  'for it alone: other commands check them and do nothing else with them.',
  '',
  'The API server knows this schema (`k8s/crd/training-job.yaml`) and all its rules but one: whether requests are',
  'within limits, the controller sees. There, a name has at most 44 characters and begins with a letter, and paths',
  'are absolute. Of a job that is there, `workers`, `suspend`, `activeDeadlineSeconds`, `ttlSecondsAfterFinished` and',
  '`maxRestarts` may change; anything else makes another job, which needs another name. `kubectl explain',
  'trainingjob.status` says what the cluster tells of a job.',
  '',
  'Beyond the table: `checkpoints` has exactly one of `claim`, `volume` and `s3`; `worker.resources` does not name',
  '`worker.gpuResource`; `podLabels` has no names by which Lockstep, Jobs and Kueue find pods; a request is at most',
  'the limit of the same name.',
  '',
];
