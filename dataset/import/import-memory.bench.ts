/**
 * Measures what an import costs in memory: writes a made-up file, imports it in a process of its own and
 * reads that process's peak. `node dist/dataset/import/import-memory.bench.js FORMAT ROWS [USERS] [ITEMS]`
 * with the formats of `memory-fixture.ts`; the last line is one JSON object.
 *
 * 2026-11-26, Node 20.20, 2 shared virtual cores, 2 million rows of 200,000 users: csv 119 MB and 4.7 s of
 * processor time, csv.gz 116 MB and 5.3 s, parquet in row groups of 1024 * 1024 rows 480 MB and 8.5 s (a
 * group is in memory whole: in groups of 50,000 rows a million rows take 261 MB). 2026-11-25: 10 million
 * rows of 1 million users as csv peak at 177 MB, 5 million of the same users at 138 MB: 7.9 bytes an
 * interaction.
 */
import { type MemoryFormat, measureImport, memoryFormats } from './memory-fixture.js';

const [format, ...words] = process.argv.slice(2);
const [rows = 5_000_000, users = rows / 10, items = 10_000] = words.map(Number);
if (!memoryFormats.includes(format as MemoryFormat)) {
  throw new RangeError(`Cannot measure ${format}: it must be one of ${memoryFormats.join(', ')}`);
}

/**
 * Twice with the same users and items, the second time with half the rows: the difference grows
 * with rows alone. The peak itself includes Node (some 50 MB) and what the garbage collector leaves.
 */
const measure = (of: number) => measureImport(format as MemoryFormat, { rows: of, users, items });
const [full, half] = [measure(rows), measure(rows / 2)];
const bytesPerRow = (full.peakBytes - half.peakBytes) / (rows - rows / 2);
const result = { format, rows, users, items, full, half, bytes_per_interaction: bytesPerRow };
process.stdout.write(`${JSON.stringify(result)}\n`);
