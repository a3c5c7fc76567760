/**
 * From zod's JSON schema to the structural one of a CustomResourceDefinition, which has no forms of a
 * mapping, no closed mappings (the API server prunes or refuses unknown fields by itself), and no sentence for a
 * pattern. What is lost on the way comes back as rules in CEL, generated here; rules between fields
 * stand in `rules/rule-table.ts`.
 */

import { formsOf, isUnionOfForms } from './forms.js';
import type { JsonSchema, StructuralSchema, ValidationRule } from './schema-types.js';
import { listRules, textRules } from './value-rules.js';

export interface Conversion {
  /** Rules for the mapping or list at a path such as `spec.stages[].optimizer`. */
  readonly rulesAt: (path: string) => readonly ValidationRule[];
  /** Whether the API server may write defaults into the object at and below this path. */
  readonly hasDefaults: (path: string) => boolean;
}

export function structuralSchema(
  node: JsonSchema,
  path: string,
  conversion: Conversion,
): StructuralSchema {
  const converted = convert(node, path, conversion);
  const rules = [
    ...(converted['x-kubernetes-validations'] ?? []),
    ...textRules(node),
    ...listRules(node),
    ...conversion.rulesAt(path),
  ];
  return {
    ...(node.description !== undefined && { description: node.description }),
    ...converted,
    ...(node.default !== undefined &&
      conversion.hasDefaults(path) && { default: filled(node.default, converted) }),
    ...(rules.length > 0 && { 'x-kubernetes-validations': rules }),
  };
}

/** With the defaults of the fields within: the API server checks a default as it stands. */
function filled(value: unknown, { properties = {} }: StructuralSchema): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const defaults = Object.entries(properties).flatMap(([name, { default: of }]) =>
    of === undefined ? [] : [[name, of]],
  );
  return { ...Object.fromEntries(defaults), ...value };
}

function convert(node: JsonSchema, path: string, conversion: Conversion): StructuralSchema {
  if (isUnionOfForms(node)) return union(node, path, conversion);
  if (node.anyOf !== undefined) return numberOrText(node, path);
  const known = node.type ?? typeOf(node.const ?? node.enum?.[0]);
  switch (known) {
    case 'object':
      return node.properties === undefined
        ? mapping(node, path, conversion)
        : fields(node, path, conversion);
    case 'array':
      return list(node, path, conversion);
    case 'string':
      return text(node, path);
    case 'integer':
    case 'number':
      return { type: known, ...bounds(node) };
    case 'boolean':
      return { type: 'boolean', ...choices(node) };
    default:
      throw new Error(`Cannot make a structural schema of ${path}: its type is ${known}`);
  }
}

const typeOf = (value: unknown): string => typeof value;

function fields(node: JsonSchema, path: string, conversion: Conversion): StructuralSchema {
  const properties = Object.fromEntries(
    Object.entries(node.properties ?? {}).map(([name, child]) => [
      name,
      structuralSchema(child, path === '' ? name : `${path}.${name}`, conversion),
    ]),
  );
  const { required = [] } = node;
  return { type: 'object', ...(required.length > 0 && { required }), properties };
}

/** All fields of all forms, and rules for those that a form has not or needs. */
function union(node: JsonSchema, path: string, conversion: Conversion): StructuralSchema {
  const { merged, rules } = formsOf(node, path);
  // A default of one form would stand in the others too.
  const without = { ...conversion, hasDefaults: () => false };
  return { ...fields(merged, path, without), 'x-kubernetes-validations': [...rules] };
}

function mapping(node: JsonSchema, path: string, conversion: Conversion): StructuralSchema {
  const { additionalProperties: value, maxProperties } = node;
  if (typeof value !== 'object' || maxProperties === undefined) {
    throw new Error(`Cannot make a structural schema of ${path}: it has no bound`);
  }
  return {
    type: 'object',
    maxProperties,
    additionalProperties: structuralSchema(value, `${path}{}`, conversion),
  };
}

function list(node: JsonSchema, path: string, conversion: Conversion): StructuralSchema {
  const [first] = node.prefixItems ?? [];
  const items = first ?? node.items;
  const most = node.prefixItems?.length ?? node.maxItems;
  const least = node.prefixItems?.length ?? node.minItems;
  if (items === undefined || most === undefined) {
    throw new Error(`Cannot make a structural schema of ${path}: the list has no bound`);
  }
  const keys = node['x-kubernetes-list-map-keys'];
  return {
    type: 'array',
    ...(least !== undefined && { minItems: least }),
    maxItems: most,
    // Their order counts, so what two writers say of one is not put together.
    'x-kubernetes-list-type': keys === undefined ? 'atomic' : 'map',
    ...(keys !== undefined && { 'x-kubernetes-list-map-keys': keys }),
    items: structuralSchema(items, `${path}[]`, conversion),
  };
}

function text(node: JsonSchema, path: string): StructuralSchema {
  const named = choices(node);
  if (named.enum !== undefined) return { type: 'string', ...named };
  if (node.maxLength === undefined) {
    throw new Error(`Cannot make a structural schema of ${path}: the text has no bound`);
  }
  const { minLength, maxLength, pattern, format, rule } = node;
  return {
    type: 'string',
    ...(minLength !== undefined && { minLength }),
    maxLength,
    ...(format === 'date-time' && { format }),
    // A pattern with a rule in words is checked with these words instead.
    ...(pattern !== undefined && rule === undefined && { pattern }),
  };
}

/** A quantity: Kubernetes' own kind of value. */
function numberOrText(node: JsonSchema, path: string): StructuralSchema {
  const [number, text, ...others] = node.anyOf ?? [];
  if (number?.type !== 'integer' || text?.type !== 'string' || others.length > 0) {
    throw new Error(`Cannot make a structural schema of ${path}: it is no integer or text`);
  }
  const { maxLength, pattern } = text;
  return {
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    ...(maxLength !== undefined && { maxLength }),
    ...(pattern !== undefined && node.rule === undefined && { pattern }),
    ...bounds(number),
  };
}

/** In OpenAPI 3.0 an exclusive bound is a bound and a flag. */
function bounds(node: JsonSchema): StructuralSchema {
  const minimum = node.minimum ?? node.exclusiveMinimum;
  const maximum = node.maximum ?? node.exclusiveMaximum;
  return {
    ...(minimum !== undefined && { minimum }),
    ...(node.exclusiveMinimum !== undefined && { exclusiveMinimum: true as const }),
    ...(maximum !== undefined && { maximum }),
    ...(node.exclusiveMaximum !== undefined && { exclusiveMaximum: true as const }),
  };
}

function choices({ const: only, enum: names }: JsonSchema): StructuralSchema {
  if (only !== undefined) return { enum: [only] };
  return names === undefined ? {} : { enum: names };
}
