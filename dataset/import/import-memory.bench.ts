/**
 * Measures what an import costs in memory: writes a made-up CSV file, imports it in a process of its
 * own and reads that process's peak. `node dist/dataset/import/import-memory.bench.js ROWS [USERS] [ITEMS]`;
 * the last line is one JSON object.
 *
 * 2026-11-25, Node 20.20, 2 shared virtual cores: 10 million rows of 1 million users peak at 177 MB,
 * 5 million of the same users at 138 MB: 7.9 bytes an interaction.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importDataset } from './import-dataset.js';

interface Measurement {
  readonly seconds: number;
  /** Of all threads; says more than the seconds of a busy machine. */
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

const [mode, ...words] = process.argv.slice(2);
if (mode === 'import') await measure(words[0]!);
else compare([mode, ...words].map(Number));

/** In the process that is measured. */
async function measure(folder: string): Promise<void> {
  const started = performance.now();
  await importDataset({
    format: 'hllm',
    interactions: join(folder, 'inter.csv'),
    items: join(folder, 'items.csv'),
    output: join(folder, 'out'),
    name: 'bench',
  });
  const cpu = process.cpuUsage();
  const result: Measurement = {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/**
 * Twice with the same users and items, the second time with half the rows: the difference grows
 * with rows alone. The peak itself includes Node (some 50 MB) and what the garbage collector leaves.
 */
function compare([rows = 5_000_000, users = rows / 10, items = 10_000]: number[]): void {
  const full = run(rows, users, items);
  const half = run(rows / 2, users, items);
  const bytesPerRow = (full.peakBytes - half.peakBytes) / (rows - rows / 2);
  const result = { rows, users, items, full, half, bytes_per_interaction: bytesPerRow };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function run(rows: number, users: number, items: number): Measurement & { fileBytes: number } {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-'));
  try {
    writeRows(
      join(folder, 'items.csv'),
      'item_id,title\n',
      items,
      (i) => `${i},Title ${i % 999}\n`,
    );
    writeRows(join(folder, 'inter.csv'), 'item_id,user_id,timestamp\n', rows, (i) => {
      // Every user and item once first, then in a scrambled order.
      const user = i < users ? i : Math.imul(i, 2654435761) >>> 0;
      const item = i < items ? i : Math.imul(i, 40503) >>> 0;
      return `${item % items},${1_000_000 + (user % users)},${1_500_000_000 + ((i * 7919) % 100_000_000)}\n`;
    });
    const script = fileURLToPath(import.meta.url);
    const child = spawnSync(process.execPath, [script, 'import', folder], { encoding: 'utf8' });
    if (child.status !== 0) throw new Error(`Cannot measure the import: ${child.stderr}`);
    const fileBytes = statSync(join(folder, 'inter.csv')).size;
    return { ...(JSON.parse(child.stdout) as Measurement), fileBytes };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeRows(file: string, header: string, rows: number, row: (i: number) => string): void {
  const handle = openSync(file, 'w');
  let text = header;
  for (let i = 0; i < rows; i++) {
    text += row(i);
    if (text.length > 1 << 20) {
      writeSync(handle, text);
      text = '';
    }
  }
  writeSync(handle, text);
  closeSync(handle);
}
