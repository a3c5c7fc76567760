/** Parts of rules in CEL, and the kinds of rules that several mappings have. */
import type { ValidationRule } from '../schema/schema-types.js';

/** A text in CEL. */
export const celText = (text: unknown): string =>
  `'${String(text).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

export const celList = (texts: readonly string[]): string => `[${texts.map(celText).join(', ')}]`;

/** A field of a mapping that may be absent, as every one on the way may be: `of('self', 'item.layers', 2)`. */
export const valueOr = (mapping: string, path: string, absent: number | string): string =>
  `${optional(mapping, path)}.orValue(${typeof absent === 'string' ? celText(absent) : absent})`;

export const isGiven = (mapping: string, path: string): string =>
  path.includes('.') ? `${optional(mapping, path)}.hasValue()` : `has(${mapping}.${path})`;

const optional = (mapping: string, path: string): string =>
  `${mapping}.?${path.replaceAll('.', '.?')}`;

/** @param message completes the path of the field: "must be ..." */
export const ruleOf = (rule: string, message: string, field?: string): ValidationRule => ({
  rule,
  message,
  ...(field !== undefined && { fieldPath: `.${field}` }),
});

const given = (names: readonly string[], mapping: string): string =>
  `[${names.map((name) => `has(${mapping}.${name})`).join(', ')}].filter(given, given).size()`;

export const hasExactlyOne = (names: readonly string[], mapping = 'self'): string =>
  `${given(names, mapping)} == 1`;

export const exactlyOne = (names: readonly string[]): ValidationRule =>
  ruleOf(hasExactlyOne(names), `must have exactly one of ${names.join(', ')}`);

export const atMostOne = (names: readonly string[]): ValidationRule =>
  ruleOf(`${given(names, 'self')} <= 1`, `must have at most one of ${names.join(', ')}`);

export const hasNone = (names: readonly string[], mapping = 'self'): string =>
  `${given(names, mapping)} == 0`;
