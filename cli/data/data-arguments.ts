/** The words of `lockstep data`, as one complete type. */
import { basename, resolve } from 'node:path';
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { FilterOptions } from '../../dataset/import/filters/filter-options.js';
import {
  type ImportOptions,
  learnedByDefault,
  type TokenizerOptions,
} from '../../dataset/import/import-options.js';
import type { TextField } from '../../dataset/import/item-text.js';
import { UsageError } from '../usage-error.js';

export type DataArguments =
  | { readonly kind: 'help' }
  | {
      readonly kind: 'fetch';
      readonly name: string;
      readonly output: string | null;
      readonly json: boolean;
    }
  | {
      readonly kind: 'show';
      readonly directory: string;
      /** The id of one item to describe. */
      readonly item: string | null;
      readonly json: boolean;
    }
  | { readonly kind: 'import'; readonly options: ImportOptions; readonly json: boolean };

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const learntModels = ['auto', 'word', 'bpe'] as const;
const common = { json: flag, help: { ...flag, short: 'h' } } as const;
export const fetchOptions = { ...common, output: text } as const;
export const showOptions = { ...common, item: text } as const;
export const importOptions = {
  ...common,
  format: text,
  interactions: text,
  items: text,
  output: text,
  name: text,
  'user-column': text,
  'item-column': text,
  'time-column': text,
  'id-column': text,
  'title-column': text,
  'rating-column': text,
  label: text,
  'label-at-least': text,
  'min-rating': text,
  deduplicate: text,
  'min-user-interactions': text,
  'min-item-interactions': text,
  'interactions-header': text,
  'items-header': text,
  'text-columns': text,
  prompt: text,
  separator: text,
  'max-tokens': text,
  tokenizer: text,
  'min-frequency': text,
  'max-vocabulary': text,
  catalogue: text,
  'on-bad-row': text,
} as const;

/** @throws UsageError */
export function readDataArguments(argv: readonly string[]): DataArguments {
  const [command, ...words] = argv;
  if (command === undefined) throw usage('a command must follow: fetch, import or show');
  if (command === '--help' || command === '-h' || command === 'help') return { kind: 'help' };
  switch (command) {
    case 'fetch':
      return readFetch(words);
    case 'import':
      return readImport(words);
    case 'show':
      return readShow(words);
    default:
      throw usage(`there is no command "${command}": it must be fetch, import or show`);
  }
}

function readFetch(words: readonly string[]): DataArguments {
  const { values, positionals } = parse(words, fetchOptions);
  if (values.help === true) return { kind: 'help' };
  const name = one(positionals, 'the NAME of a built-in dataset');
  return { kind: 'fetch', name, output: values.output ?? null, json: values.json === true };
}

function readShow(words: readonly string[]): DataArguments {
  const { values, positionals } = parse(words, showOptions);
  if (values.help === true) return { kind: 'help' };
  const directory = one(positionals, 'the DIR of a dataset');
  return { kind: 'show', directory, item: values.item ?? null, json: values.json === true };
}

function readImport(words: readonly string[]): DataArguments {
  const { values, positionals } = parse(words, importOptions);
  if (values.help === true) return { kind: 'help' };
  if (positionals.length > 0) {
    throw usage(`"${positionals[0]}" belongs to no option`);
  }
  const output = required(values.output, '--output');
  const options: ImportOptions = {
    format: choice(values.format ?? 'auto', '--format', ['auto', 'hllm', 'recbole']),
    interactions: required(values.interactions, '--interactions'),
    items: required(values.items, '--items'),
    output,
    name: values.name ?? basename(resolve(output)),
    onBadRow: choice(values['on-bad-row'] ?? 'error', '--on-bad-row', ['error', 'skip']),
    catalogue: choice(values.catalogue ?? 'interacted', '--catalogue', ['interacted', 'all']),
    columns: {
      ...(values['user-column'] !== undefined && { user: values['user-column'] }),
      ...(values['item-column'] !== undefined && { item: values['item-column'] }),
      ...(values['time-column'] !== undefined && { time: values['time-column'] }),
      ...(values['id-column'] !== undefined && { id: values['id-column'] }),
      ...(values['title-column'] !== undefined && { title: values['title-column'] }),
      ...(values['rating-column'] !== undefined && { rating: values['rating-column'] }),
    },
    ...label(values),
    filters: filters(values),
    headers: {
      ...(values['interactions-header'] !== undefined && {
        interactions: names('--interactions-header', values['interactions-header']),
      }),
      ...(values['items-header'] !== undefined && {
        items: names('--items-header', values['items-header']),
      }),
    },
    text: {
      ...(values.prompt !== undefined && { prompt: values.prompt }),
      ...(values.separator !== undefined && { separator: values.separator }),
      ...(values['text-columns'] !== undefined && { fields: fields(values['text-columns']) }),
      maximumTokens: integer(values['max-tokens'], '--max-tokens', 64),
    },
    tokenizer: tokenizer(values),
  };
  return { kind: 'import', options, json: values.json === true };
}

/** `auto`, `word` and `bpe` are learnt from the texts; anything else is the path of a pretrained one. */
function tokenizer(values: {
  readonly tokenizer?: string | undefined;
  readonly 'min-frequency'?: string | undefined;
  readonly 'max-vocabulary'?: string | undefined;
}): TokenizerOptions {
  const [word, frequency] = [values.tokenizer ?? 'auto', values['min-frequency']];
  const model = learntModels.find((known) => known === word);
  if (model === undefined && (frequency ?? values['max-vocabulary']) !== undefined) {
    throw usage(
      `--tokenizer ${word} brings its own vocabulary: leave out --min-frequency and --max-vocabulary`,
    );
  }
  if (model === undefined) return { kind: 'pretrained', path: word };
  return {
    kind: 'learned',
    model,
    minimumFrequency: frequency === undefined ? null : integer(frequency, '--min-frequency', 1),
    maximumSize: integer(
      values['max-vocabulary'],
      '--max-vocabulary',
      learnedByDefault.maximumSize,
    ),
  };
}

function label(values: {
  readonly label?: string | undefined;
  readonly 'label-at-least'?: string | undefined;
}): Pick<ImportOptions, 'label'> {
  const { label: column, 'label-at-least': least } = values;
  if (column === undefined && least === undefined) return {};
  if (column === undefined)
    throw usage('--label-at-least needs --label with the column it is about');
  const atLeast = least === undefined ? null : decimal(least, '--label-at-least');
  return { label: { column: required(column, '--label'), atLeast } };
}

function filters(values: {
  readonly 'rating-column'?: string | undefined;
  readonly 'min-rating'?: string | undefined;
  readonly deduplicate?: string | undefined;
  readonly 'min-user-interactions'?: string | undefined;
  readonly 'min-item-interactions'?: string | undefined;
}): FilterOptions {
  const { 'min-rating': rating, deduplicate } = values;
  if (rating === undefined && values['rating-column'] !== undefined) {
    throw usage('--rating-column is only looked at with --min-rating: give both or none');
  }
  const [user, item] = [values['min-user-interactions'], values['min-item-interactions']];
  return {
    ...(rating !== undefined && { minimumRating: decimal(rating, '--min-rating') }),
    ...(deduplicate !== undefined && {
      deduplicate: choice(deduplicate, '--deduplicate', ['first', 'last']),
    }),
    ...(user !== undefined && {
      minimumUserInteractions: integer(user, '--min-user-interactions', 1),
    }),
    ...(item !== undefined && {
      minimumItemInteractions: integer(item, '--min-item-interactions', 1),
    }),
  };
}

function decimal(value: string, name: string): number {
  if (/^-?\d{1,9}(\.\d{1,9})?$/.test(value)) return Number(value);
  throw usage(`${name} must be a number: current value is "${value}"`);
}

/** The columns of a file that has no header line. */
function names(option: string, value: string): readonly string[] {
  const columns = value.split(',');
  if (!columns.includes('') && new Set(columns).size === columns.length) return columns;
  throw usage(`${option} must be different names, comma-separated: current value is "${value}"`);
}

/** `title,release_year=year`: columns in order, with other keys where they are given. */
function fields(value: string): TextField[] {
  return value.split(',').map((part) => {
    const equals = part.indexOf('=');
    const column = equals < 0 ? part : part.slice(0, equals);
    const key = equals < 0 ? part : part.slice(equals + 1);
    if (column === '' || key === '') {
      throw usage(
        `--text-columns must be COLUMN or COLUMN=KEY, comma-separated: current value is "${value}"`,
      );
    }
    return { column, key };
  });
}

function parse<const Options extends NonNullable<ParseArgsConfig['options']>>(
  words: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...words], options, strict: true, allowPositionals: true });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep data --help")`, { cause });
  }
}

function one(positionals: readonly string[], what: string): string {
  const [word] = positionals;
  if (word === undefined || positionals.length > 1) {
    throw usage(`${what} must be named, once: it got ${positionals.length} names`);
  }
  return word;
}

function required(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw usage(`${name} must be given`);
  return value;
}

function choice<const Word extends string>(
  value: string,
  name: string,
  words: readonly Word[],
): Word {
  const found = words.find((word) => word === value);
  if (found !== undefined) return found;
  throw usage(`${name} must be one of ${words.join(', ')}: current value is "${value}"`);
}

function integer(value: string | undefined, name: string, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (/^\d{1,9}$/.test(value)) return Number(value);
  throw usage(`${name} must be a whole number: current value is "${value}"`);
}

const usage = (what: string): UsageError =>
  new UsageError(`Cannot run "lockstep data": ${what} (see "lockstep data --help")`);
