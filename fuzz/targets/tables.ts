/** Tables that users bring, and what describes a pretrained model. */
import { readFileSync } from 'node:fs';
import {
  atomic,
  csv,
  DelimitedParser,
  type Dialect,
} from '../../dataset/tables/formats/delimited-parser.js';
import { JsonLinesParser } from '../../dataset/tables/formats/json-lines-parser.js';
import type { TableRecord } from '../../dataset/tables/table-record.js';
import { readConfig } from '../../pretrained/huggingface/read-config.js';
import { UnsupportedError } from '../../pretrained/pretrained-error.js';
import { projectRoot } from '../../shared/project-root.js';
import { cut, inPieces } from '../pieces.js';
import { json, type Target } from '../target.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

interface Row {
  readonly line: number;
  readonly damage: string | null;
  readonly fields: readonly Uint8Array[];
}

const rowOf = (record: TableRecord): Row => ({
  line: record.line,
  damage: record.damage,
  fields: Array.from({ length: record.fieldCount }, (_, field) =>
    record.bytes.slice(record.start(field), record.end(field)),
  ),
});

interface Parser {
  push(chunk: Uint8Array): void;
  end(): void;
}

function rowsOf(
  bytes: Uint8Array,
  open: (onRecord: (record: TableRecord) => void) => Parser,
): Row[] {
  return inPieces(bytes, (size) => {
    const rows: Row[] = [];
    const parser = open((record) => rows.push(rowOf(record)));
    for (const piece of cut(bytes, size)) parser.push(piece);
    parser.end();
    return rows;
  });
}

function delimited(name: string, dialect: Dialect, seeds: readonly string[]): Target {
  return {
    name,
    seeds: seeds.map(bytesOf),
    read: (bytes) => rowsOf(bytes, (onRecord) => new DelimitedParser(dialect, onRecord)),
    // What is wrong with a row is said in the row.
    isRefusal: () => false,
  };
}

const configs = ['mistral', 'qwen3', 'llama3-shards'].map((name) =>
  readFileSync(new URL(`pretrained/golden/${name}/config.json`, projectRoot)),
);

export const tableTargets = (): Target[] => [
  delimited('csv', csv, ['\ufeffa,b\n"x ""y""\n",2\r\n,\r3,4', 'a;b\n1;2\n']),
  delimited('atomic', atomic, ['a:token\tb:float\n1\t2\n"\t\n']),
  {
    name: 'json-lines',
    seeds: [
      '{"id":12345678901234567890,"text":"a\\u00e9\\n","list":["b",null,1.50],"other":{"c":[{}]}}\n\n' +
        '{"text":null,"id":true}',
    ].map(bytesOf),
    read: (bytes) =>
      rowsOf(
        bytes,
        (onRecord) => new JsonLinesParser(['id', 'text', 'list'], () => true, onRecord),
      ),
    isRefusal: () => false,
  },
  {
    name: 'model-config',
    seeds: configs,
    format: json,
    read: (bytes) => {
      const value = objectIn(bytes);
      return value === null ? null : readConfig(value);
    },
    isRefusal: (error) => error instanceof UnsupportedError,
  },
];

/** As whoever reads the file hands it on. */
function objectIn(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value = json.open(bytes);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
