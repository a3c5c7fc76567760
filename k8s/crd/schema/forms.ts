/**
 * A mapping whose field `kind` says which fields it has. A structural schema has one list of fields, so
 * they are put together, and rules say which of them belong to which kind.
 */
import { celList, celText } from '../rules/cel.js';
import type { JsonSchema, ValidationRule } from './schema-types.js';

export const isUnionOfForms = (node: JsonSchema): boolean => node.oneOf !== undefined;

interface Forms {
  readonly merged: JsonSchema;
  readonly rules: readonly ValidationRule[];
}

interface Form {
  readonly kinds: readonly string[];
  readonly fields: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

export function formsOf({ oneOf = [] }: JsonSchema, path: string): Forms {
  const forms = oneOf.map((node) => formOf(node));
  const kinds = forms.flatMap((form) => form.kinds);
  const byDefault = oneOf.map(({ properties }) => properties?.kind?.default).find(Boolean);
  const kind = byDefault === undefined ? 'self.kind' : `self.?kind.orValue(${celText(byDefault)})`;
  const names = new Set(forms.flatMap(({ fields }) => Object.keys(fields)));
  const properties: Record<string, JsonSchema> = { kind: kindField(oneOf, kinds) };
  const rules: ValidationRule[] = [];
  for (const name of names) {
    const having = forms.filter(({ fields }) => fields[name] !== undefined);
    properties[name] = same(
      having.map(({ fields }) => fields[name] as JsonSchema),
      `${path}.${name}`,
    );
    if (having.length < forms.length) rules.push(onlyOf(name, kind, having));
    for (const form of having.filter(({ required }) => required.includes(name))) {
      rules.push(neededBy(name, kind, form));
    }
  }
  const required = byDefault === undefined ? ['kind'] : [];
  return { merged: { type: 'object', properties, required }, rules };
}

function formOf({ properties = {}, required = [] }: JsonSchema): Form {
  const { kind, ...fields } = properties;
  const kinds = kind?.const === undefined ? (kind?.enum ?? []) : [kind.const];
  return {
    kinds: kinds.map(String),
    fields,
    required: required.filter((name) => name !== 'kind'),
  };
}

function kindField(forms: readonly JsonSchema[], kinds: readonly string[]): JsonSchema {
  const { description } = forms[0]?.properties?.kind ?? {};
  return { type: 'string', enum: kinds, ...(description !== undefined && { description }) };
}

/** Forms that mean different things by one name have no common schema. */
function same(nodes: readonly JsonSchema[], path: string): JsonSchema {
  const [first, ...others] = nodes.map(({ default: _, ...node }) => node);
  const text = JSON.stringify(first);
  if (first === undefined || others.some((other) => JSON.stringify(other) !== text)) {
    throw new Error(`Cannot put the forms together: ${path} is not the same in all that have it`);
  }
  return first;
}

function onlyOf(name: string, kind: string, having: readonly Form[]): ValidationRule {
  const kinds = having.flatMap((form) => form.kinds);
  return {
    rule: `!has(self.${name}) || ${kind} in ${celList(kinds)}`,
    message: `must be left out: it is only a field of the kind ${kinds.join(' or ')}`,
    fieldPath: `.${name}`,
  };
}

const neededBy = (name: string, kind: string, { kinds }: Form): ValidationRule => ({
  rule: `has(self.${name}) || !(${kind} in ${celList(kinds)})`,
  message: `must be given for the kind ${kinds.join(' or ')}`,
  fieldPath: `.${name}`,
});
