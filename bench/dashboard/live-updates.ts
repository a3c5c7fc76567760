/** `npm run --silent bench -- live-updates`: what a run's dashboard adds to its coordinator, of one core. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { aligned } from '../../cli/output/text/aligned.js';
import { cpuSeconds } from '../control-plane/process-cpu.js';
import { Viewers } from './viewers.js';

const usage =
  'npm run bench -- live-updates [--workers 64] [--steps-per-second 10] [--viewers 0,1,50] [--seconds 20]';

/** Code is compiled, the first answers are made. */
const warmMs = 5000;

export async function benchLiveUpdates(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      workers: { type: 'string', default: '64' },
      'steps-per-second': { type: 'string', default: '10' },
      viewers: { type: 'string', default: '0,1,50' },
      seconds: { type: 'string', default: '20' },
    },
  });
  const counts = values.viewers.split(',').map(Number);
  const seconds = Number(values.seconds);
  if (!(seconds > 0) || counts.some((count) => !(count >= 0))) {
    throw new RangeError(`Cannot run the benchmark: ${usage}`);
  }
  const entry = fileURLToPath(new URL('./serve-updates.js', import.meta.url));
  const serving = fork(entry, [values.workers, values['steps-per-second']]);
  const [{ url }] = (await once(serving, 'message')) as [{ url: string }];
  const audience = new Viewers(url);
  try {
    await delay(warmMs);
    const rows: { viewers: number; percent: number; bytesPerSecond: number }[] = [];
    for (const viewers of counts) {
      await audience.are(viewers);
      const [begun, before] = [performance.now(), cpuSeconds(serving.pid ?? 0)];
      await delay(seconds * 1000);
      const [passed, cpu] = [
        (performance.now() - begun) / 1000,
        cpuSeconds(serving.pid ?? 0) - before,
      ];
      const bytes = await audience.are(0);
      rows.push({ viewers, percent: (100 * cpu) / passed, bytesPerSecond: bytes / passed });
    }
    const table = rows.map(({ bytesPerSecond, percent, viewers }) => [
      ...[String(viewers), percent.toFixed(2), (bytesPerSecond / 1000).toFixed(1)],
    ]);
    console.log(aligned([['viewers', '% of a core', 'kB/s to all'], ...table]).join('\n'));
    console.log(JSON.stringify({ workers: Number(values.workers), seconds, rows }));
  } finally {
    audience.close();
    serving.kill('SIGKILL');
  }
}
