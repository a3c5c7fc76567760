/**
 * A pattern as a rule with words: "should match '^[a-z0-9][a-z0-9-]{0,62}$'" helps fewer people than the
 * sentence that the command line says.
 */
import { celText } from '../rules/cel.js';
import type { JsonSchema, ValidationRule } from './schema-types.js';

const distinct = 'self.all(one, self.exists_one(other, other == one))';

/** Of a list, what its schema cannot say of its elements together. */
export function listRules({ elements, rule }: JsonSchema): ValidationRule[] {
  if (elements === undefined) return [];
  const holds = elements === 'distinct' ? distinct : `self.isSorted() && ${distinct}`;
  return [{ rule: holds, message: `must be ${rule}` }];
}

export function textRules(node: JsonSchema): ValidationRule[] {
  const { type, pattern, rule } = node;
  if (type === 'string' && pattern !== undefined && rule !== undefined) {
    return [{ rule: `self.matches(${celText(pattern)})`, message: `must be ${rule}` }];
  }
  const [, text] = node.anyOf ?? [];
  if (text?.pattern !== undefined && rule !== undefined) {
    const isRight = `type(self) != string || self.matches(${celText(text.pattern)})`;
    return [{ rule: isRight, message: `must be ${rule}` }];
  }
  const names = node.propertyNames?.pattern;
  if (names === undefined || rule === undefined) return [];
  return [{ rule: `self.all(name, name.matches(${celText(names)}))`, message: `must be ${rule}` }];
}
