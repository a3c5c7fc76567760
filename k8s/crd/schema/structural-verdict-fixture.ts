/**
 * What an API server says of a value by the plain parts of a structural schema: all but patterns, rules
 * and defaults. A reader of its own, so that a wrong definition and a wrong test are two mistakes.
 */
import type { StructuralSchema } from './schema-types.js';

export function isAccepted(schema: StructuralSchema, value: unknown): boolean {
  if (schema['x-kubernetes-int-or-string'] === true) {
    return typeof value === 'string'
      ? value.length <= (schema.maxLength ?? 0)
      : Number.isInteger(value) && isWithin(schema, value as number);
  }
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  switch (schema.type) {
    case 'boolean':
      return typeof value === 'boolean';
    case 'integer':
      return Number.isInteger(value) && isWithin(schema, value as number);
    case 'number':
      return typeof value === 'number' && isWithin(schema, value);
    case 'string':
      return (
        typeof value === 'string' &&
        (schema.enum !== undefined || value.length <= (schema.maxLength ?? 0))
      );
    case 'array':
      return Array.isArray(value) && isListAccepted(schema, value);
    default:
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? isMappingAccepted(schema, value as Record<string, unknown>)
        : false;
  }
}

function isWithin(schema: StructuralSchema, value: number): boolean {
  const { minimum = -Infinity, maximum = Infinity } = schema;
  if (value < minimum || value > maximum) return false;
  if (schema.exclusiveMinimum && value === minimum) return false;
  return !(schema.exclusiveMaximum && value === maximum);
}

function isListAccepted(schema: StructuralSchema, value: readonly unknown[]): boolean {
  const { minItems = 0, maxItems = 0, items = {} } = schema;
  if (value.length < minItems || value.length > maxItems) return false;
  return value.every((element) => isAccepted(items, element));
}

function isMappingAccepted(schema: StructuralSchema, value: Record<string, unknown>): boolean {
  const { properties, required = [], additionalProperties, maxProperties = 0 } = schema;
  const entries = Object.entries(value);
  if (additionalProperties !== undefined) {
    return (
      entries.length <= maxProperties &&
      entries.every(([, member]) => isAccepted(additionalProperties, member))
    );
  }
  if (required.some((name) => value[name] === undefined)) return false;
  return entries.every(([name, member]) => {
    const field = properties?.[name];
    return field !== undefined && isAccepted(field, member);
  });
}
