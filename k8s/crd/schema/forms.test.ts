import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { celText } from '../rules/cel.js';
import { formsOf } from './forms.js';
import { inputSchemaOf } from './input-schema.js';

const shape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('dot').meta({ default: 'dot' }).optional() }),
  z.strictObject({ kind: z.literal('line'), length: z.int().min(1).max(9) }),
]);

// Would catch: a field that a cluster takes where it means nothing, or that a form needs and nobody asks for.
test('a field of some kinds has a rule that names them, and so has one that a kind needs', () => {
  const { merged, rules } = formsOf(inputSchemaOf(shape), 'spec.shape');
  assert.deepEqual(merged.properties?.kind?.enum, ['dot', 'line']);
  assert.deepEqual(merged.required, []);
  assert.deepEqual(
    rules.map(({ rule, fieldPath }) => [rule, fieldPath]),
    [
      ["!has(self.length) || self.?kind.orValue('dot') in ['line']", '.length'],
      ["has(self.length) || !(self.?kind.orValue('dot') in ['line'])", '.length'],
    ],
  );
});

// Would catch: two bounds of one name of which the definition has the first.
test('a field that differs between the kinds is refused', () => {
  const mixed = z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('a'), size: z.int().min(1).max(2) }),
    z.strictObject({ kind: z.literal('b'), size: z.int().min(1).max(3) }),
  ]);
  assert.throws(() => formsOf(inputSchemaOf(mixed), 'spec.mixed'), /spec\.mixed\.size/);
});

test('a text in CEL has its quotes and backslashes escaped', () => {
  assert.equal(celText("a'b\\0"), "'a\\'b\\\\0'");
});
