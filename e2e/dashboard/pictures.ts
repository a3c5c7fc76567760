/**
 * Makes the pictures of the documentation from a real training: MovieLens, two workers, one of which is
 * killed on the way. `npm run pictures` writes them into docs/pictures.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { ensureDataset } from '../../dataset/built-in/built-in-datasets.js';
import { dataRootFor } from '../../dataset/built-in/data-root.js';
import { projectRoot } from '../../shared/project-root.js';
import { openBrowser, withoutBrowser } from './browser.js';
import { TerminalWindow } from './terminal-window.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const job = fileURLToPath(new URL('examples/movielens-quick.yaml', projectRoot));
const target = fileURLToPath(new URL('docs/pictures/', projectRoot));
const killedAt = 60;
const takenAt = 140;

async function main(): Promise<void> {
  if (withoutBrowser) throw new Error(`Cannot take pictures: ${withoutBrowser}`);
  mkdirSync(target, { recursive: true });
  // Before: that it is fetched is no part of the pictures.
  await ensureDataset('movielens-100k', await dataRootFor('movielens-100k'));
  const scratch = mkdtempSync(join(tmpdir(), 'lockstep-pictures-'));
  const lockstep = (...words: string[]): TerminalWindow =>
    new TerminalWindow([process.execPath, program, ...words], scratch);
  const output = 'runs/movielens-quick';
  const run = lockstep('train', job, '--workers', '2', '--output', output);
  const browser = await openBrowser();
  try {
    const [, url = ''] = await run.wrote(/dashboard: (\S+)/);
    const [, worker] = await run.wrote(/worker-1: pid (\d+)/);
    await run.wrote(step(killedAt));
    process.kill(Number(worker), 'SIGKILL');
    const page = await browser.newPage({ viewport: { width: 1360, height: 1340 } });
    await page.goto(url);
    await page.waitForSelector('.timeline .generation:has-text("worker-1 joins")');
    await run.wrote(step(takenAt));
    await run.picture(browser, join(target, 'train.png'));
    await take(page, 'dashboard-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await take(page, 'dashboard-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await take(page, 'dashboard-narrow');
    const top = lockstep('top', output, '--once');
    await top.end;
    await top.picture(browser, join(target, 'top.png'));
  } finally {
    await browser.close();
    run.interrupt();
    await run.end;
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The live view has come so far. */
const step = (at: number): RegExp => new RegExp(`step +${at}/`);

/** Once the curves have the width of the window. */
async function take(page: Page, name: string): Promise<void> {
  await page.evaluate('new Promise((resolve) => setTimeout(resolve, 500))');
  await page.screenshot({ path: join(target, `${name}.png`) });
}

await main();
