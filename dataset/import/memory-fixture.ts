/** Imports a large made-up file in a process of its own, and reads what that process took. */
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';

export interface Measurement {
  readonly fileBytes: number;
  readonly seconds: number;
  /** Of all threads; says more than the seconds of a busy machine. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

export interface Size {
  readonly rows: number;
  readonly users: number;
  readonly items: number;
}

export const memoryFormats = ['csv', 'csv.gz', 'jsonl.gz', 'parquet'] as const;
export type MemoryFormat = (typeof memoryFormats)[number];

/** Nobody reads it, and it is most of the file. */
const review = 'It is as good as the last one, and better than the one before. '.repeat(16);

const importer = fileURLToPath(new URL('./import-measured.bench.js', import.meta.url));

/** @param groupRows rows of a Parquet file's row groups: pyarrow's default is 1024 * 1024 */
export function measureImport(
  format: MemoryFormat,
  size: Size,
  groupRows = 1024 * 1024,
): Measurement {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  try {
    const items = Array.from({ length: size.items }, (_, i) => `${i},Title ${i % 999}\n`);
    writeFileSync(join(folder, 'items'), `item_id,title\n${items.join('')}`);
    writeInteractions(join(folder, 'interactions'), format, size, groupRows);
    const child = spawnSync(process.execPath, [importer, folder], { encoding: 'utf8' });
    if (child.status !== 0) throw new Error(`Cannot measure the import: ${child.stderr}`);
    const fileBytes = statSync(join(folder, 'interactions')).size;
    return { fileBytes, ...(JSON.parse(child.stdout) as Omit<Measurement, 'fileBytes'>) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Row {
  readonly item: number;
  readonly user: number;
  readonly time: number;
}

/** Every user and item once first, then in a scrambled order. */
function rowOf(i: number, { users, items }: Size): Row {
  const user = i < users ? i : Math.imul(i, 2654435761) >>> 0;
  const item = i < items ? i : Math.imul(i, 40503) >>> 0;
  const time = 1_500_000_000 + ((i * 7919) % 100_000_000);
  return { item: item % items, user: 1_000_000 + (user % users), time };
}

function writeInteractions(
  file: string,
  format: MemoryFormat,
  size: Size,
  groupRows: number,
): void {
  switch (format) {
    case 'csv':
    case 'csv.gz': {
      const row = ({ item, user, time }: Row) => `${item},${user},${time}\n`;
      const pack = format === 'csv' ? Buffer.from : gzipSync;
      writeText(file, 'item_id,user_id,timestamp\n', size, row, pack);
      break;
    }
    case 'jsonl.gz': {
      const row = ({ item, user, time }: Row) =>
        `{"user_id":"${user}","stars":4.0,"text":"${review}","item_id":${item},"timestamp":${time}}\n`;
      writeText(file, '', size, row, gzipSync);
      break;
    }
    case 'parquet':
      writeFileSync(file, parquetOf(size, groupRows));
  }
}

function writeText(
  file: string,
  header: string,
  size: Size,
  row: (row: Row) => string,
  pack: (text: string) => Uint8Array,
): void {
  const handle = openSync(file, 'w');
  let text = header;
  for (let i = 0; i < size.rows; i++) {
    text += row(rowOf(i, size));
    if (text.length > 1 << 20) {
      writeSync(handle, pack(text));
      text = '';
    }
  }
  writeSync(handle, pack(text));
  closeSync(handle);
}

function parquetOf(size: Size, rowGroupSize: number): Uint8Array {
  const users = Array.from({ length: size.users }, (_, user) => `${1_000_000 + user}`);
  const rows = Array.from({ length: size.rows }, (_, i) => rowOf(i, size));
  const columnData = [
    { name: 'user_id', data: rows.map(({ user }) => users[user - 1_000_000]!), type: 'STRING' },
    { name: 'item_id', data: Int32Array.from(rows, ({ item }) => item) },
    { name: 'timestamp', data: BigInt64Array.from(rows, ({ time }) => BigInt(time)) },
  ] as const;
  return new Uint8Array(parquetWriteBuffer({ columnData: [...columnData], rowGroupSize }));
}
