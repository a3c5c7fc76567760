/**
 * Tells how the text of a table is laid out, from its first rows: the delimiter by which every row
 * has as many fields as the first, or JSON, one object a line.
 */

import { isTypedColumn } from '../table-header.js';
import { ColonJoiner } from './colon-joiner.js';
import { atomic, csv, DelimitedParser, type Dialect } from './delimited-parser.js';
import { jsonColumns } from './json-lines-parser.js';
import {
  type DelimitedLayout,
  delimiters,
  layoutOf,
  type TextLayout,
  unitSeparator,
} from './text-layout.js';

/** Of a file's text, how much its layout is told from, and the columns of JSON lines. */
export const sampleBytes = 256 * 1024;
/** More rows than that say nothing new. */
const sampleRows = 1000;

/** @param whole whether the sample is the whole text, so that its last line is no part of one */
export function recogniseText(sample: Uint8Array, whole: boolean): TextLayout {
  const complete = whole ? sample : sample.subarray(0, sample.lastIndexOf(0x0a) + 1);
  const head = Buffer.from(sample.subarray(0, 4096)).toString('latin1');
  const text = head.replace(/^\xef\xbb\xbf/, '').trimStart();
  if (text.startsWith('{')) return recogniseJson(text, complete);
  if (/^\[\s*[{\]]/.test(text)) {
    return {
      kind: 'foreign',
      what: 'one JSON array',
      remedy: "write one object a line first, for example: jq -c '.[]' FILE > NEW",
    };
  }
  const separator = /^"?sep=([,;|\t])"?\r?\n/.exec(text)?.[1]?.charCodeAt(0);
  if (separator !== undefined)
    return { ...layoutOf({ delimiter: separator, quotes: true }), separatorLine: true };
  return recogniseDelimiter(complete.length > 0 ? complete : sample);
}

function recogniseJson(text: string, sample: Uint8Array): TextLayout {
  const remedy = 'write one object a line first';
  if (/^\{\s*u?'/.test(text)) {
    return {
      kind: 'foreign',
      what: 'Python literals, not JSON',
      remedy: `${remedy}, for example with ast.literal_eval and json.dumps`,
    };
  }
  const columns = jsonColumns(sample);
  if (columns.length > 0) return { kind: 'json-lines', columns };
  return {
    kind: 'foreign',
    what: 'JSON, but not of one object a line',
    remedy: `${remedy}, for example: jq -c . FILE > NEW`,
  };
}

function recogniseDelimiter(sample: Uint8Array): DelimitedLayout {
  let best: { layout: DelimitedLayout; even: number; fields: number } | null = null;
  for (const delimiter of delimiters.keys()) {
    const dialect = { delimiter, quotes: usesQuotes(sample, delimiter) };
    const { fields, even, first } = measure(sample, dialect);
    if (fields < 2) continue;
    if (best !== null && (even < best.even || (even === best.even && fields <= best.fields))) {
      continue;
    }
    const typed = delimiter === atomic.delimiter && first.every(isTypedColumn);
    best = { layout: { ...layoutOf(typed ? atomic : dialect), typed }, even, fields };
  }
  return best?.layout ?? layoutOf(csv);
}

/**
 * Commas and semicolons always come with the quoting of RFC 4180. Files with other delimiters often
 * hold quotes that are text: there they enclose fields only where every quote of the sample does.
 */
function usesQuotes(sample: Uint8Array, delimiter: number): boolean {
  if (delimiter === 0x2c || delimiter === 0x3b) return true;
  if (delimiter === unitSeparator || !sample.includes(0x22)) return false;
  return measure(sample, { delimiter, quotes: true }).damaged === 0;
}

interface Measure {
  /** The first record's fields. */
  readonly first: readonly string[];
  readonly fields: number;
  /** The share of records that have as many fields as the first. */
  readonly even: number;
  readonly damaged: number;
}

function measure(sample: Uint8Array, dialect: Dialect): Measure {
  let first: string[] | null = null;
  let [records, even, damaged] = [0, 0, 0];
  const parser = new DelimitedParser(dialect, (record) => {
    if (records >= sampleRows) return;
    first ??= Array.from({ length: record.fieldCount }, (_, field) =>
      Buffer.from(record.bytes.subarray(record.start(field), record.end(field))).toString('utf8'),
    );
    records++;
    if (record.damage !== null) damaged++;
    else if (record.fieldCount === first.length) even++;
  });
  parser.push(dialect.delimiter === unitSeparator ? new ColonJoiner().push(sample) : sample);
  parser.end();
  const fields: readonly string[] = first ?? [];
  return { first: fields, fields: fields.length, even: even / Math.max(1, records), damaged };
}
