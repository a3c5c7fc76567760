/**
 * Values at, around and beyond what each field of a job may be: enough of them to tell two readers of the
 * same schema apart.
 */
import { trainingJobSchema } from '../../../shared/job-spec/schema.js';
import { inputSchemaOf } from './input-schema.js';
import type { JsonSchema } from './schema-types.js';

export interface Probe {
  /** `spec.workers.min`. */
  readonly path: string;
  readonly value: unknown;
  /** The whole spec with the value in its place. */
  readonly spec: Record<string, unknown>;
  /** Whether a pattern or a rule about elements decides, and not the plain schema. */
  readonly isOfRules: boolean;
}

/** A spec that has nothing but what a value needs around it; `{}` of what lies on the way. */
type Place = (value: unknown) => Record<string, unknown>;

export function specProbes(): Probe[] {
  const spec = inputSchemaOf(trainingJobSchema).properties?.spec as JsonSchema;
  const data = { dataset: 'movielens-100k' };
  return fieldProbes(spec, 'spec', (value) => ({ data, ...(value as Record<string, unknown>) }));
}

function fieldProbes(node: JsonSchema, path: string, place: Place): Probe[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const within: Place = (value) => place({ ...needed(node, name), [name]: value });
    return probesOf(child, `${path}.${name}`, within);
  });
}

function probesOf(node: JsonSchema, path: string, place: Place): Probe[] {
  const { values, isOfRules } = valuesFor(node);
  const probeOf = (value: unknown, ofRules: boolean): Probe => ({
    path,
    value,
    spec: place(value),
    isOfRules: ofRules,
  });
  const own = [
    ...values.map((value) => probeOf(value, isOfRules && !isTooLarge(node, value))),
    ...wrongTypes(node).map((value) => probeOf(value, false)),
  ];
  const below = formsIn(node).flatMap((form) => fieldProbes(form, path, place));
  const isListOfMappings = node.items?.properties !== undefined;
  const elements = isListOfMappings
    ? fieldProbes(node.items as JsonSchema, `${path}[]`, (value) => place([value]))
    : [];
  return [...own, ...below, ...elements];
}

const formsIn = (node: JsonSchema): readonly JsonSchema[] =>
  node.oneOf ?? (node.properties === undefined ? [] : [node]);

/** What a mapping must have besides one of its fields, its kind included. */
function needed(node: JsonSchema, besides: string): Record<string, unknown> {
  const names = new Set([...(node.required ?? []), ...(node.properties?.kind ? ['kind'] : [])]);
  const others = [...names].filter((name) => name !== besides);
  return Object.fromEntries(
    others.map((name) => [name, sampleOf(node.properties?.[name] as JsonSchema)]),
  );
}

const texts = [
  ...['a', 'a-b.c', 'A b', '-a', 'a-', '', '/abs/path', '/abs/', 'a/b', 'a//b', 'registry/a:1'],
  ...['s3://bucket/a', 's3://bucket/a//b', 's3://b', 'nats://h:1', 'nats://u:p@h', 'https://h:1'],
  ...['500m', '1.5Gi', '-1', '1e3', '1Zi', 'f'.repeat(64), 'mrr', 'recall@10', 'nvidia.com/gpu'],
  ...['Ä', 'a\u0000b'],
];

/** Then no rule is needed to refuse it. */
function isTooLarge(node: JsonSchema, value: unknown): boolean {
  if (typeof value === 'number') return false;
  const size = typeof value === 'string' ? value.length : Object.keys(value as object).length;
  if (node.anyOf !== undefined) return size > (node.anyOf[1]?.maxLength ?? 0);
  return (
    size > (node.maxLength ?? node.maxItems ?? node.prefixItems?.length ?? node.maxProperties ?? 0)
  );
}

interface Values {
  readonly values: readonly unknown[];
  readonly isOfRules: boolean;
}

function valuesFor(node: JsonSchema): Values {
  const plain = (values: readonly unknown[]): Values => ({ values, isOfRules: false });
  const ruled = (values: readonly unknown[]): Values => ({ values, isOfRules: true });
  if (node.oneOf !== undefined) return plain([{}, { kind: 'nope' }]);
  if (node.anyOf !== undefined) return ruled([0, 1, 1e9, 1e9 + 1, ...texts]);
  if (node.const !== undefined) return plain([node.const]);
  if (node.enum !== undefined) return plain([...node.enum, 'nope']);
  switch (node.type) {
    case 'integer':
    case 'number':
      return plain(numbers(node));
    case 'string': {
      const most = node.maxLength ?? 0;
      return ruled([...texts, 'a'.repeat(most), 'a'.repeat(most + 1)]);
    }
    case 'array':
      return ruled(lists(node));
    case 'object':
      return node.properties === undefined
        ? ruled(mappings(node))
        : plain([{}, { notAField: 1 }, ...(node.required ? [needed(node, '')] : [])]);
    default:
      return plain([true, false]);
  }
}

function numbers(node: JsonSchema): number[] {
  const low = node.minimum ?? node.exclusiveMinimum ?? 0;
  const high = node.maximum ?? node.exclusiveMaximum ?? 0;
  return [low - 1, low, low + 0.5, (low + high) / 2, high, high + 1];
}

function lists(node: JsonSchema): unknown[] {
  const item = (node.prefixItems?.[0] ?? node.items) as JsonSchema;
  const element = sampleOf(item);
  const most = node.maxItems ?? node.prefixItems?.length ?? 0;
  const many = (count: number): unknown[] => Array.from({ length: count }, () => element);
  const values = valuesFor(item).values;
  return [[], ...[1, 2, most, most + 1].map(many), [element, 'nope'], ...values.map((of) => [of])];
}

function mappings(node: JsonSchema): unknown[] {
  const value = node.additionalProperties as JsonSchema;
  const good = sampleOf(value);
  const many = (count: number): unknown =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`a${index}`, good]));
  const most = node.maxProperties ?? 0;
  const names = ['a.b/c', 'a b', '/a', 'a/b/c', `a/${'b'.repeat(64)}`].map((name) => ({
    [name]: good,
  }));
  return [{}, many(most), many(most + 1), ...names, { a: 3.5 }, { a: 'b c' }, { a: ['b'] }];
}

/** JSON's kinds of values, without those that the node is of; numbers within bounds of most fields. */
function wrongTypes(node: JsonSchema): unknown[] {
  const type = node.oneOf ? 'object' : (node.type ?? typeof (node.const ?? node.enum?.[0]));
  const own = node.anyOf ? ['string', 'integer'] : type === 'number' ? [type, 'integer'] : [type];
  const others: Record<string, unknown> = {
    string: 'x',
    integer: 3,
    boolean: true,
    array: [],
    object: {},
  };
  return Object.entries(others)
    .filter(([name]) => !own.includes(name))
    .map(([, value]) => value);
}

/** A value that the node takes. */
function sampleOf(node: JsonSchema): unknown {
  if (node.oneOf !== undefined) return needed(node.oneOf[0] as JsonSchema, '');
  if (node.anyOf !== undefined) return '1';
  if (node.default !== undefined) return node.default;
  if (node.const !== undefined) return node.const;
  if (node.enum !== undefined) return node.enum[0];
  if (node.type === 'object') return needed(node, '');
  if (node.type === 'array') return lists(node)[node.minItems ?? 0];
  if (node.type === 'boolean') return true;
  if (node.type !== 'string') return Math.max(1, node.minimum ?? 1);
  const pattern = new RegExp(node.pattern ?? '');
  return texts.find((text) => text !== '' && pattern.test(text)) ?? '';
}
