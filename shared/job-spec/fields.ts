/**
 * Builders of the job spec's leaves. Each keeps its rule in words beside the check, so that the
 * error message, the reference page and the check cannot say different things.
 */
import { z } from 'zod';

/** `rule` completes the sentence "must be ...". */
interface FieldMeta {
  readonly description: string;
  readonly rule: string;
  /** In words, where the default depends on other fields. */
  readonly defaultRule?: string;
}

/** `(` and `)` exclude the bound beside them. */
export type Range = `${'[' | '('}${number}, ${number}${']' | ')'}`;

const rangePattern = /^([[(])(\S+), (\S+)([\])])$/;

function withinRange(number: z.ZodNumber, range: Range): z.ZodNumber {
  const [, open, low, high, close] = rangePattern.exec(range) as RegExpExecArray;
  const bounded = open === '[' ? number.min(Number(low)) : number.gt(Number(low));
  return close === ']' ? bounded.max(Number(high)) : bounded.lt(Number(high));
}

const meta = (fields: FieldMeta): Record<string, unknown> => ({ ...fields });

/** A mapping with a word about it. */
export const about = <Section extends z.ZodType>(section: Section, description: string): Section =>
  section.meta({ description }) as Section;

/** A real number. */
export const real = (range: Range, description: string) =>
  withinRange(z.number(), range).meta(meta({ description, rule: `a number in ${range}` }));

export const integer = (range: Range, description: string) =>
  withinRange(z.int(), range).meta(meta({ description, rule: `an integer in ${range}` }));

/** An integer that is computed from other fields where it is not given. */
export const derivedInteger = (range: Range, defaultRule: string, description: string) =>
  withinRange(z.int(), range)
    .meta(meta({ description, rule: `an integer in ${range}`, defaultRule }))
    .optional();

/** A real number that another field decides where it is not given. */
export const derivedReal = (range: Range, defaultRule: string, description: string) =>
  withinRange(z.number(), range)
    .meta(meta({ description, rule: `a number in ${range}`, defaultRule }))
    .optional();

export const choice = <const Names extends readonly [string, ...string[]]>(
  names: Names,
  description: string,
) => z.enum(names).meta(meta({ description, rule: `one of ${names.join(', ')}` }));

/** The field `kind` of a mapping that has several forms; each form names its own. */
export const kindOf = <const Names extends readonly [string, ...string[]]>(
  names: Names,
  description: string,
) => {
  type Name = Names[number];
  const words = { description, rule: `one of ${names.join(', ')}` };
  return {
    one: <const Own extends readonly [Name, ...Name[]]>(...own: Own) =>
      z.enum(own).meta(meta(words)),
    /** Of the form that is meant where `kind` is left out. */
    byDefault: <const Own extends Name>(own: Own) =>
      z
        .literal(own)
        .meta({ ...meta(words), default: own })
        .optional(),
  };
};

/**
 * `longest` in characters: what reads a job on a cluster is told it apart from the pattern.
 * A pattern keeps to what RE2 knows too.
 */
export const text = (pattern: RegExp, longest: number, rule: string, description: string) =>
  z.string().max(longest).regex(pattern).meta(meta({ description, rule }));

/** Yes or no; `byDefault` is what leaving it out means. */
export const flag = (byDefault: boolean, description: string) =>
  z
    .boolean()
    .meta({ ...meta({ description, rule: 'true or false' }), default: byDefault })
    .optional();

/** An integer for which leaving it out means `byDefault`; a job that leaves it out stays without. */
export const usually = (range: Range, byDefault: number, description: string) =>
  withinRange(z.int(), range)
    .meta({ ...meta({ description, rule: `an integer in ${range}` }), default: byDefault })
    .optional();

/** Names with values, at most `most` of them. */
export const mapOf = <Value extends z.ZodType<string, unknown>>(
  {
    name,
    value,
    most,
  }: { readonly name: z.ZodString; readonly value: Value; readonly most: number },
  rule: string,
  description: string,
) =>
  z
    .record(name, value)
    .refine((given) => Object.keys(given).length <= most)
    .meta({ ...meta({ description, rule }), maxProperties: most });

export const listOf = <Element extends z.ZodType>(
  element: Element,
  most: number,
  rule: string,
  description: string,
) => z.array(element).max(most).meta(meta({ description, rule }));

export const pairOf = (range: Range, description: string) => {
  const item = withinRange(z.number(), range);
  return z.tuple([item, item]).meta(meta({ description, rule: `two numbers in ${range}` }));
};

/** Strictly ascending, so that a table of them has no column twice. */
export const ascending = (range: Range, atMost: number, description: string) =>
  z
    .array(withinRange(z.int(), range))
    .min(1)
    .max(atMost)
    .refine((values) => values.every((value, at) => at === 0 || value > (values[at - 1] ?? value)))
    .meta({
      ...meta({ description, rule: `1 to ${atMost} ascending integers in ${range}` }),
      elements: 'ascending',
    });

/** At least one of the names, each at most once. */
export const subsetOf = <const Names extends readonly [string, ...string[]]>(
  names: Names,
  description: string,
) =>
  z
    .array(z.enum(names))
    .min(1)
    .max(names.length)
    .refine((values) => new Set(values).size === values.length)
    .meta({
      ...meta({ description, rule: `a list of some of ${names.join(', ')}, each once` }),
      elements: 'distinct',
    });

export const exactly = <const Value extends string | true>(value: Value, description: string) =>
  z.literal(value).meta(meta({ description, rule: String(value) }));
