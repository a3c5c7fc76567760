/** How the text of a table is laid out. */
import { atomic, csv, type Dialect } from './delimited-parser.js';
import type { FileKind } from './recognise-file.js';

/** `auto`: as the file's content says. */
export type FileFormat = 'auto' | 'hllm' | 'recbole';

export interface DelimitedLayout {
  readonly kind: 'delimited';
  readonly dialect: Dialect;
  /** For people: "comma-separated text". */
  readonly name: string;
  /** The first line only says `sep=,`, as Excel writes and reads it. */
  readonly separatorLine: boolean;
  /** The header declares types, as RecBole's atomic files do. */
  readonly typed: boolean;
}

export type TextLayout =
  | DelimitedLayout
  | { readonly kind: 'json-lines'; readonly columns: readonly string[] }
  | Extract<FileKind, { readonly kind: 'foreign' }>;

/** Stands for the delimiter `::` once `ColonJoiner` has seen the text: no field holds it. */
export const unitSeparator = 0x1f;

/** In the order of preference where the rows do not decide. */
export const delimiters: ReadonlyMap<number, string> = new Map([
  [csv.delimiter, 'comma-separated text'],
  [atomic.delimiter, 'tab-separated text'],
  [0x3b, 'semicolon-separated text'],
  [0x7c, 'text separated by |'],
  [unitSeparator, 'text separated by ::'],
]);

export function layoutOf(dialect: Dialect): DelimitedLayout {
  const name = delimiters.get(dialect.delimiter)!;
  return { kind: 'delimited', dialect, name, separatorLine: false, typed: false };
}

/** The layout of a format that is not left to the content. */
export function layoutOfFormat(format: FileFormat): DelimitedLayout | null {
  switch (format) {
    case 'auto':
      return null;
    case 'hllm':
      return layoutOf(csv);
    case 'recbole':
      return { ...layoutOf(atomic), typed: true };
  }
}
