/**
 * A Parquet file of rows that are made one group after the other: ids, titles, and lists of numbers for
 * each row.
 */
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';

export type ColumnType = 'text' | 'integers' | 'floats';

/** The columns of a file, by name. */
export type Columns = Readonly<Record<string, ColumnType>>;

/** The rows of one group: values by the names of their columns, all of one length. */
export type RowGroup = Readonly<Record<string, readonly unknown[]>>;

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]['schema'][number];

/** The bytes of the file in order. A piece is valid until the next one is asked for. */
export async function* parquetPieces(
  columns: Columns,
  groups: AsyncIterable<RowGroup> | Iterable<RowGroup>,
): AsyncGenerator<Uint8Array> {
  const names = Object.keys(columns);
  const schema: SchemaElement[] = [{ name: 'root', num_children: names.length }];
  for (const name of names) schema.push(...elementsOf(name, columns[name] as ColumnType));
  const bytes = new ByteWriter();
  const file = new ParquetWriter({ writer: bytes, schema, createdBy: 'lockstep' });
  for await (const group of groups) {
    const columnData = names.map((name) => ({ name, data: group[name] as unknown[] }));
    const rowGroupSize = Math.max(1, columnData[0]?.data.length ?? 0);
    await file.write({ columnData, rowGroupSize });
    yield taken(bytes);
  }
  await file.finish();
  yield taken(bytes);
}

/** What the writer has gathered; it goes on from an empty buffer, and counts on. */
function taken(bytes: ByteWriter): Uint8Array {
  const piece = new Uint8Array(bytes.buffer, 0, bytes.index);
  bytes.index = 0;
  return piece;
}

/** A column of texts may have none in a row; a list is never missing, and nor are its numbers. */
function elementsOf(name: string, type: ColumnType): SchemaElement[] {
  if (type === 'text') {
    return [{ name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }];
  }
  return [
    { name, converted_type: 'LIST', repetition_type: 'REQUIRED', num_children: 1 },
    { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
    {
      name: 'element',
      type: type === 'floats' ? 'FLOAT' : 'INT32',
      repetition_type: 'REQUIRED',
    },
  ];
}
