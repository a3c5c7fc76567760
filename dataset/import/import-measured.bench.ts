/** The process that is measured: imports FOLDER/interactions and FOLDER/items, and says what it took. */
import { join } from 'node:path';
import { importDataset } from './import-dataset.js';

const folder = process.argv[2]!;
const started = performance.now();
await importDataset({
  interactions: join(folder, 'interactions'),
  items: join(folder, 'items'),
  output: join(folder, 'out'),
  name: 'bench',
});
const cpu = process.cpuUsage();
process.stdout.write(
  JSON.stringify({
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  }),
);
