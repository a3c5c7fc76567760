/** Reads a delimited file once, record by record, with its header checked first. */
import { open } from 'node:fs/promises';
import { DatasetError } from '../dataset-error.js';
import { DelimitedParser, type DelimitedRecord } from './delimited-parser.js';
import { dialectOf, type FileFormat, type Header, readHeader } from './table-header.js';

const chunkBytes = 1024 * 1024;

export interface TableReader {
  /** Called once, before any row. */
  header(header: Header): void;
  /** Called for every record after the header, damaged ones included. */
  row(record: DelimitedRecord): void;
  /** Bytes read so far, of how many. */
  progress?(bytes: number, total: number): void;
}

/** @throws DatasetError */
export async function readTable(
  file: string,
  format: FileFormat,
  reader: TableReader,
): Promise<void> {
  let headerSeen = false;
  const parser = new DelimitedParser(dialectOf(format), (record) => {
    if (headerSeen) {
      reader.row(record);
    } else {
      headerSeen = true;
      reader.header(readHeader(file, format, record));
    }
  });
  await readChunks(file, (chunk, read, total) => {
    parser.push(chunk);
    reader.progress?.(read, total);
  });
  parser.end();
  if (!headerSeen) {
    throw new DatasetError(
      'EMPTY_FILE',
      `Cannot read ${file}: it is empty: it should start with a header line`,
      { file },
    );
  }
}

async function readChunks(
  file: string,
  onChunk: (chunk: Uint8Array, read: number, total: number) => void,
): Promise<void> {
  const handle = await open(file).catch((cause: unknown) => {
    throw unreadable(file, cause);
  });
  try {
    const total = (await handle.stat()).size;
    const buffer = new Uint8Array(chunkBytes);
    for (let read = 0; ; ) {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes).catch((cause: unknown) => {
        throw unreadable(file, cause);
      });
      if (bytesRead === 0) return;
      read += bytesRead;
      onChunk(buffer.subarray(0, bytesRead), read, total);
    }
  } finally {
    await handle.close();
  }
}

export function unreadable(file: string, cause: unknown): DatasetError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DatasetError('UNREADABLE_FILE', `Cannot read ${file}: ${why}`, { file, cause });
}
