/** Turns what the schema rejects into sentences that name path, rule and value. */
import type { z } from 'zod';
import type { JobProblem } from '../../errors.js';
import { nearestWord } from '../text/nearest-word.js';
import { fieldAt, type SpecField, specFields } from '../text/reference.js';

type Issue = z.core.$ZodIssue;

/** One problem for each field, in the order in which the schema found them. */
export function specProblems(issues: readonly Issue[], value: unknown): JobProblem[] {
  const problems = new Map<string, JobProblem>();
  for (const problem of issues.flatMap((issue) => problemsOf(issue, value))) {
    if (!problems.has(problem.path)) problems.set(problem.path, problem);
  }
  return [...problems.values()];
}

function problemsOf(issue: Issue, value: unknown): JobProblem[] {
  if (issue.code !== 'unrecognized_keys') return [ruleProblem(issue.path, value)];
  const names = issue.path.map(String);
  // An element of a list, which has no fields of its own in the reference.
  if ((fieldAt(names)?.children ?? []).length === 0) return [ruleProblem(issue.path, value)];
  return issue.keys.map((key) => unknownField(names, key, names.reduce(member, value)));
}

function unknownField(parent: readonly string[], key: string, around: unknown): JobProblem {
  const siblings = fieldAt(parent)?.children ?? [];
  const path = [...parent, key];
  const field = fieldAt(path);
  if (field !== undefined) return fieldOfOtherKind(field, path, around);
  const nearest = nearestWord(key, siblings);
  const advice =
    nearest === null ? `known here are ${siblings.join(', ')}` : `did you mean "${nearest}"?`;
  return { path: path.join('.'), message: `is not a field: ${advice}` };
}

/** A field that the schema knows and refuses belongs to another form of the mapping around it. */
function fieldOfOtherKind(
  { path, kinds }: SpecField,
  names: readonly string[],
  around: unknown,
): JobProblem {
  const kindPath = path.replace(/[^.]+$/, 'kind');
  const kind = member(around, 'kind') ?? JSON.parse(unquoted(specFields().get(kindPath)?.default));
  const rule = `left out, because kind is ${kind}: it is a field of ${(kinds ?? []).join(', ')}`;
  return brokenRule(names.join('.'), rule, member(around, names.at(-1) as string));
}

const unquoted = (text: string | null | undefined): string => (text ?? 'null').replaceAll('`', '');

/** An element of a list breaks the rule of the list, which is the field. */
function ruleProblem(path: readonly PropertyKey[], value: unknown): JobProblem {
  const names = path.map(String);
  const isElement = (): boolean => /^\d+$/.test(names.at(-1) ?? '');
  while (names.length > 0 && (isElement() || fieldAt(names) === undefined)) names.pop();
  const rule = fieldAt(names)?.rule ?? 'a mapping';
  return brokenRule(names.join('.'), rule, names.reduce(member, value));
}

/** @param rule completes "must be ...". */
export function brokenRule(path: string, rule: string, value: unknown): JobProblem {
  const current = value === undefined ? 'it is missing' : `current value is ${printed(value)}`;
  return { path, message: `must be ${rule}: ${current}` };
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** A message is a line; whoever wrote a page of text into a field needs only its start. */
const longestPrinted = 80;

function printed(value: unknown): string {
  // JSON has no infinity and no NaN, and YAML has both.
  const shown =
    typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value));
  return shown.length > longestPrinted ? `${shown.slice(0, longestPrinted)}...` : shown;
}
