/**
 * `npm run --silent bench -- long-history`: how long a history may become. One of a million steps is written as a run writes it,
 * then opened as a user opens it: `lockstep dashboard`, and a page in a browser.
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { aligned } from '../../cli/output/text/aligned.js';
import { openBrowser } from '../../e2e/dashboard/browser.js';
import { startCommand } from '../../e2e/run/command.js';
import { historyFileOf, RunHistory } from '../../process/history/run-history.js';
import { EventLines } from '../../shared/history/event-lines.js';
import { isProgress } from '../../shared/history/history-line.js';
import { LogEvents } from '../../shared/history/log-events.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import { projectRoot } from '../../shared/project-root.js';
import { beginning, entriesOf, type SyntheticRun } from './synthetic-run.js';

const usage =
  'npm run bench -- long-history [--steps 1000000] [--workers 64] [--steps-per-second 10] [--turns 3]';
const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

export async function benchLongHistory(argv: string[]): Promise<void> {
  const { values } = parseArgs({
    args: argv,
    options: {
      steps: { type: 'string', default: '1000000' },
      workers: { type: 'string', default: '64' },
      'steps-per-second': { type: 'string', default: '10' },
      turns: { type: 'string', default: '3' },
    },
  });
  const turns = Number(values.turns);
  const synthetic: SyntheticRun = {
    workers: Number(values.workers),
    totalSteps: Number(values.steps),
    stepsPerSecond: Number(values['steps-per-second']),
  };
  const counts = [turns, ...Object.values(synthetic)];
  if (!counts.every((count) => Number.isInteger(count) && count > 0)) {
    throw new RangeError(`Cannot run the benchmark: ${usage}`);
  }
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-bench-history-'));
  try {
    writeHistory(folder, synthetic);
    const megabytes = Math.round(statSync(historyFileOf(folder)).size / 1e6);
    const rows: Opened[] = [];
    for (let turn = 0; turn < turns; turn++) rows.push(await openOnce(folder, synthetic));
    const table = rows.map(({ curves, firstPaint, opened, rss }) => [
      ...[opened.toFixed(2), String(rss), firstPaint.toFixed(2), curves.toFixed(2)],
    ]);
    console.log(`${synthetic.totalSteps} steps of ${synthetic.workers} workers: ${megabytes} MB`);
    console.log(aligned([['opened s', 'MB', 'first paint s', 'curves s'], ...table]).join('\n'));
    console.log(JSON.stringify({ ...synthetic, megabytes, rows }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeHistory(folder: string, synthetic: SyntheticRun): void {
  let now = Date.UTC(2026, 0);
  const history = RunHistory.open({
    ...{ folder, checkpoints: join(folder, 'checkpoints'), resume: false },
    owner: { run: 't0123456789abcdef', job: 'bench', job_sha256: 'a'.repeat(64) },
    time: new Date(now).toISOString(),
    onTrouble: (text) => {
      throw new Error(text);
    },
  });
  const events = new LogEvents();
  const lines = new EventLines({ lockstep_version: '0', node_version: '0' });
  const tell = (entries: readonly Happening[]): void => {
    const time = new Date(now).toISOString();
    for (const entry of entries) {
      for (const event of events.eventsOf({ fence: 1, time, entry })) {
        const line = lines.lineOf(event, time);
        if (line !== null && !isProgress(line)) history.append(line);
      }
    }
  };
  tell(beginning(synthetic));
  for (let step = 0; step < synthetic.totalSteps; step++) {
    now += 1000 / synthetic.stepsPerSecond;
    tell(entriesOf(synthetic, step));
  }
  history.abandon();
}

interface Opened {
  /** Seconds from the start of the command until it answers with the last step. */
  readonly opened: number;
  /** The most memory that it took, in MB. */
  readonly rss: number;
  /** Seconds from the page's address to its first paint, and to its first chart. */
  readonly firstPaint: number;
  readonly curves: number;
}

async function openOnce(folder: string, { totalSteps }: SyntheticRun): Promise<Opened> {
  const begun = performance.now();
  const command = startCommand(program, ['dashboard', folder, '--port', '0', '--json']);
  try {
    await command.said('serving');
    const url = String(command.lines.find(({ kind }) => kind === 'serving')?.url);
    const answer = await (await fetch(new URL('/api/runs', url))).json();
    const opened = (performance.now() - begun) / 1000;
    if (!JSON.stringify(answer).includes(String(totalSteps))) {
      throw new Error(`Cannot measure: the last step is not there: ${JSON.stringify(answer)}`);
    }
    const page = await paint(url);
    return { opened, rss: peakMegabytes(command.process.pid ?? 0), ...page };
  } finally {
    command.process.kill('SIGTERM');
    await command.end;
  }
}

async function paint(url: string): Promise<Pick<Opened, 'firstPaint' | 'curves'>> {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const begun = performance.now();
    await page.goto(url, { waitUntil: 'commit' });
    await page.waitForSelector('.chart canvas');
    const curves = (performance.now() - begun) / 1000;
    const firstPaint = await page.evaluate(
      "performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000",
    );
    return { firstPaint: Number(firstPaint), curves };
  } finally {
    await browser.close();
  }
}

/** From Linux's /proc. */
function peakMegabytes(pid: number): number {
  const [, kilobytes] =
    /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kilobytes) / 1000);
}
