/** What is wrong with one row; with `onBadRow: 'skip'` such a row is counted and left out. */
export type BadRowReason =
  | 'FIELD_COUNT'
  | 'BAD_NUMBER'
  | 'BAD_LABEL'
  | 'BAD_TIME'
  | 'EMPTY_ID'
  | 'EMPTY_TEXT'
  | 'UNKNOWN_ITEM'
  | 'DUPLICATE_ITEM'
  | 'BAD_QUOTES'
  | 'BAD_UTF8'
  | 'BAD_JSON'
  | 'ROW_TOO_LONG';

/** What is wrong with a file, a folder or a request as a whole; never skipped. */
export type DatasetFault =
  | 'EMPTY_FILE'
  | 'NO_INTERACTIONS'
  | 'MISSING_COLUMN'
  | 'BAD_HEADER'
  | 'UNREADABLE_FILE'
  | 'FOREIGN_FILE'
  | 'FILE_CHANGED'
  | 'TOO_LARGE'
  | 'BAD_OPTION'
  | 'BAD_TOKENIZER'
  | 'OUTPUT_EXISTS'
  | 'NOT_A_DATASET'
  | 'NO_LABELS'
  | 'DAMAGED_DATASET'
  | 'UNKNOWN_DATASET'
  | 'FETCH_FAILED'
  /** It could be had when the run began: another try may bring it. */
  | 'DATASET_AWAY';

export interface DatasetErrorPlace {
  readonly file?: string;
  /** Counted from 1; a quoted field's line breaks count. Of a Parquet file, the row. */
  readonly line?: number;
  readonly cause?: unknown;
}

/**
 * The data cannot be used as it is: the reaction is to show the message, which names the file and,
 * where one row is to blame, the line.
 */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  readonly code: BadRowReason | DatasetFault;
  readonly file: string | null;
  readonly line: number | null;

  constructor(
    code: BadRowReason | DatasetFault,
    message: string,
    { file, line, cause }: DatasetErrorPlace = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.file = file ?? null;
    this.line = line ?? null;
  }
}
