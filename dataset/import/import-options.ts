/** What an import can be told, with its defaults. */

import { DatasetError } from '../dataset-error.js';
import type { OnBadRow } from '../tables/bad-rows.js';
import type { LabelRule } from '../tables/fields/label-field.js';
import type { FileFormat } from '../tables/formats/text-layout.js';
import type { LearnOptions } from '../tokenizer/learn-tokenizer.js';
import { byteTokens } from '../tokenizer/subword-tokenizer.js';
import { checkFilters, type FilterOptions } from './filters/filter-options.js';
import { hllmPrompt, type TextField } from './item-text.js';

export type TokenizerOptions =
  | ({ readonly kind: 'learned' } & LearnOptions)
  | {
      readonly kind: 'pretrained';
      /** tokenizer.json, a GGUF file, or the model folder that holds it. */
      readonly path: string;
    };

/** Which items can be recommended: those that someone has used, as in HLLM, or the whole file. */
export type Catalogue = 'interacted' | 'all';

export interface ImportOptions {
  /** Default: as each file's content says. */
  readonly format?: FileFormat;
  /** Path of the interactions file. */
  readonly interactions: string;
  /** Path of the items file. */
  readonly items: string;
  /** The folder to write; it must not exist. */
  readonly output: string;
  readonly name: string;
  readonly onBadRow?: OnBadRow;
  readonly catalogue?: Catalogue;
  readonly columns?: {
    /** Of the interactions file. */
    readonly user?: string;
    readonly item?: string;
    readonly time?: string;
    /** Of the items file; default: as in the interactions file. */
    readonly id?: string;
    /** Default: the column whose name looks like it, else the first of the text. */
    readonly title?: string;
    /** Of the interactions file; only looked at where there is a least rating. */
    readonly rating?: string;
  };
  /** Which interactions were wanted; default: the dataset has no labels. */
  readonly label?: LabelRule;
  readonly filters?: FilterOptions;
  /** The columns of files that start with a row instead of a header line. */
  readonly headers?: {
    readonly interactions?: readonly string[];
    readonly items?: readonly string[];
  };
  readonly text?: {
    /** Default: HLLM's for a pretrained tokenizer, else none, because words learnt from scratch say nothing. */
    readonly prompt?: string;
    /** Between fields. Default: nothing for a pretrained tokenizer, as in HLLM, else a space. */
    readonly separator?: string;
    /** Default: every column but the item's. */
    readonly fields?: readonly TextField[];
    /** Tokens of an item's text; what is longer is cut. */
    readonly maximumTokens?: number;
  };
  readonly tokenizer?: TokenizerOptions;
  readonly progress?: (event: ImportProgress) => void;
}

export interface ImportProgress {
  readonly stage:
    | 'items'
    | 'count interactions'
    | 'learn words'
    | 'tokenize'
    | 'sort interactions'
    | 'write';
  /** In [0, 1]. */
  readonly fraction: number;
}

/** Words of the texts, or subwords where there are many. */
export const learnedByDefault: TokenizerOptions & { readonly kind: 'learned' } = {
  kind: 'learned',
  model: 'auto',
  minimumFrequency: null,
  maximumSize: 32_768,
};

export type ResolvedOptions = ReturnType<typeof resolveOptions>;

/** @throws DatasetError */
export function resolveOptions(options: ImportOptions) {
  const tokenizer = options.tokenizer ?? learnedByDefault;
  const learned = tokenizer.kind === 'learned';
  const maximumTokens = options.text?.maximumTokens ?? 64;
  requireInteger('maximum tokens', maximumTokens, 1, 8192);
  if (learned) {
    const least = tokenizer.model === 'bpe' ? byteTokens.length : 2;
    requireInteger('minimum frequency', tokenizer.minimumFrequency ?? 1, 1, 1_000_000);
    requireInteger('vocabulary size', tokenizer.maximumSize, least, 1_000_000);
  }
  if (options.name.length < 1 || options.name.length > 200) {
    throw new DatasetError(
      'BAD_OPTION',
      `Cannot import: the name is ${JSON.stringify(options.name)}: it should have 1 to 200 characters`,
    );
  }
  return {
    format: options.format ?? 'auto',
    interactions: options.interactions,
    items: options.items,
    output: options.output,
    name: options.name,
    onBadRow: options.onBadRow ?? 'error',
    catalogue: options.catalogue ?? 'interacted',
    columns: {
      user: options.columns?.user ?? 'user_id',
      item: options.columns?.item ?? 'item_id',
      time: options.columns?.time ?? 'timestamp',
      id: options.columns?.id ?? options.columns?.item ?? 'item_id',
      title: options.columns?.title ?? null,
      rating: options.columns?.rating ?? 'rating',
    },
    label: checkLabel(options.label ?? null),
    filters: checkFilters(options.filters ?? {}),
    headers: options.headers ?? {},
    prompt: options.text?.prompt ?? (learned ? '' : hllmPrompt),
    separator: options.text?.separator ?? (learned ? ' ' : ''),
    keepBlanks: !learned,
    fields: options.text?.fields ?? null,
    maximumTokens,
    tokenizer,
    progress: options.progress ?? (() => undefined),
  } as const;
}

function checkLabel(label: LabelRule | null): LabelRule | null {
  if (label?.atLeast === undefined || label.atLeast === null) return label;
  if (Number.isFinite(label.atLeast)) return label;
  throw new DatasetError(
    'BAD_OPTION',
    `Cannot import: --label-at-least is ${label.atLeast}: it should be a number`,
  );
}

function requireInteger(what: string, value: number, least: number, most: number): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new DatasetError(
      'BAD_OPTION',
      `Cannot import: the ${what} is ${value}: it should be an integer in [${least}, ${most}]`,
    );
  }
}
