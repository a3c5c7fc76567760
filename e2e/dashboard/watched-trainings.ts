/** Real trainings, and browsers that look at them; `close` ends and removes all of them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { projectRoot } from '../../shared/project-root.js';
import { type Command, startCommand } from '../run/command.js';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { longJob } from '../run/small-run/small-run.js';
import { complaintsOf, openBrowser } from './browser.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));

export interface WatchedTraining {
  readonly run: Command;
  readonly output: string;
  readonly url: string;
}

export class WatchedTrainings {
  readonly #folder = mkdtempSync(join(tmpdir(), 'lockstep-browser-'));
  readonly #browsers: Browser[] = [];
  readonly #runs: Command[] = [];

  /** It has trained some steps. */
  async start(name: string, workers = 2): Promise<WatchedTraining> {
    const dataset = join(this.#folder, name, 'dataset');
    await smallDataset(dataset);
    const job = join(this.#folder, `${name}.json`);
    writeFileSync(job, JSON.stringify(longJob({ dataset, steps: 100_000, name, workers })));
    const output = join(this.#folder, name, 'run');
    const run = startCommand(program, ['train', job, '--output', output, '--json']);
    this.#runs.push(run);
    const [, url = ''] = (await run.warned(/^dashboard: (\S+)$/)) ?? [];
    await run.committed(20);
    return { run, output, url };
  }

  async open(url: string, width = 1400): Promise<{ page: Page; complaints: string[] }> {
    const browser = await openBrowser();
    this.#browsers.push(browser);
    // The policy of the page forbids foreign scripts, such as the one that checks it.
    const page = await browser.newPage({ viewport: { width, height: 900 }, bypassCSP: true });
    const complaints = complaintsOf(page);
    await page.goto(url);
    return { page, complaints };
  }

  async close(): Promise<void> {
    for (const run of this.#runs) {
      run.process.kill('SIGTERM');
      await run.end;
    }
    for (const browser of this.#browsers) await browser.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
