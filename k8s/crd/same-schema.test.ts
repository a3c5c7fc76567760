import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trainingJobSchema } from '../../shared/job-spec/schema.js';
import { specFields } from '../../shared/job-spec/text/reference.js';
import { objectSchema } from './custom-resource.js';
import type { StructuralSchema } from './schema/schema-types.js';
import { specProbes } from './schema/spec-probes-fixture.js';
import { isAccepted } from './schema/structural-verdict-fixture.js';

const spec = objectSchema().properties?.spec as StructuralSchema;

const accepts = (given: unknown): boolean =>
  trainingJobSchema.safeParse({
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'probe' },
    spec: given,
  }).success;

// Would catch: a bound, a type, a choice or a required field that differs between file and cluster.
test('the definition takes and refuses the values that the schema takes and refuses', () => {
  const probes = specProbes().filter(({ isOfRules }) => !isOfRules);
  const different = probes
    .filter((probe) => isAccepted(spec, probe.spec) !== accepts(probe.spec))
    .map(({ path, value }) => `${path} ${JSON.stringify(value)}`);
  assert.deepEqual(different, []);
  assert.ok(probes.length > 1000, `${probes.length}`);
  assert.ok(probes.filter((probe) => accepts(probe.spec)).length > probes.length / 5);
});

// Would catch: rules for texts and lists that refuse what the plain schema let pass, or bounds that do not.
test('what the definition refuses without its rules, the schema refuses', () => {
  const different = specProbes()
    .filter((probe) => !isAccepted(spec, probe.spec) && accepts(probe.spec))
    .map(({ path, value }) => `${path} ${JSON.stringify(value)}`);
  assert.deepEqual(different, []);
});

// Would catch: a field that is lost where the kinds of a mapping are put together.
test('the definition has the fields of the schema and no others', () => {
  const known = [...specFields().keys()].filter((path) => path.startsWith('spec'));
  const defined = fieldsOf(spec, 'spec').map((path) => path.replaceAll('[]', ''));
  const listsOfOthers =
    /^spec\.(optimizer\.multipliers|stages\.optimizer\.multipliers|.*\.tolerations)\./;
  assert.deepEqual(defined.filter((path) => !listsOfOthers.test(path)).sort(), known.sort());
});

function fieldsOf({ properties, items }: StructuralSchema, path: string): string[] {
  const below = Object.entries(properties ?? {}).flatMap(([name, child]) =>
    fieldsOf(child, `${path}.${name}`),
  );
  const elements = items === undefined ? [] : fieldsOf(items, `${path}[]`).slice(1);
  return [path, ...below, ...elements];
}

// Would catch: a text, list or mapping without an end, which the API server would have to store.
test('every list, mapping and text is bounded', () => {
  const schema = objectSchema();
  const unbounded = boundless(schema, '');
  assert.deepEqual(unbounded, ['.apiVersion', '.kind']);
});

function boundless(schema: StructuralSchema, path: string): string[] {
  const { type, enum: names, maxLength, maxItems, maxProperties } = schema;
  const isBounded =
    (type !== 'string' || names !== undefined || maxLength !== undefined) &&
    (type !== 'array' || maxItems !== undefined) &&
    (schema.additionalProperties === undefined || maxProperties !== undefined) &&
    (schema['x-kubernetes-int-or-string'] === undefined || maxLength !== undefined);
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
    boundless(child, `${path}.${name}`),
  );
  const within = [schema.items, schema.additionalProperties].flatMap((child) =>
    child === undefined ? [] : boundless(child, `${path}[]`),
  );
  return [...(isBounded ? [] : [path]), ...below, ...within];
}
