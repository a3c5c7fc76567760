/**
 * Makes the pictures of the documentation from a real training: MovieLens, two workers, one of which is
 * killed on the way. `npm run pictures` writes them into docs/pictures.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { projectRoot } from '../../shared/project-root.js';
import { startCommand } from '../run/command.js';
import { openBrowser, withoutBrowser } from './browser.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const job = fileURLToPath(new URL('examples/movielens-quick.yaml', projectRoot));
const target = fileURLToPath(new URL('docs/pictures/', projectRoot));
const killedAt = 60;
const takenAt = 140;

async function main(): Promise<void> {
  if (withoutBrowser) throw new Error(`Cannot take pictures: ${withoutBrowser}`);
  mkdirSync(target, { recursive: true });
  const scratch = mkdtempSync(join(tmpdir(), 'lockstep-pictures-'));
  const output = join(scratch, 'movielens-quick');
  const run = startCommand(program, ['train', job, '--workers', '2', '--output', output, '--json']);
  const browser = await openBrowser();
  try {
    const [, url = ''] = (await run.warned(/^dashboard: (\S+)$/)) ?? [];
    await run.committed(killedAt);
    process.kill(run.pids.get('worker-1') as number, 'SIGKILL');
    const page = await browser.newPage({ viewport: { width: 1360, height: 1000 } });
    await page.goto(url);
    await page.waitForSelector('.timeline .generation:has-text("worker-1 joins")');
    await run.committed(takenAt);
    await take(page, 'dashboard-light');
    await page.emulateMedia({ colorScheme: 'dark' });
    await take(page, 'dashboard-dark');
    await page.setViewportSize({ width: 390, height: 844 });
    await take(page, 'dashboard-narrow');
    await takeTerminal(browser, output);
  } finally {
    await browser.close();
    run.process.kill('SIGINT');
    await run.end;
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Once the curves have the width of the window. */
async function take(page: Page, name: string): Promise<void> {
  await page.evaluate('new Promise((resolve) => setTimeout(resolve, 500))');
  await page.screenshot({ path: join(target, `${name}.png`) });
}

async function takeTerminal(browser: Browser, output: string): Promise<void> {
  const columns = { COLUMNS: '80', LINES: '24', LANG: 'C.UTF-8' };
  const text = execFileSync(process.execPath, [program, 'top', output, '--once'], {
    encoding: 'utf8',
    env: { ...process.env, ...columns },
  });
  const page = await browser.newPage({ viewport: { width: 760, height: 400 } });
  const style = 'background:#11161d;color:#e7ecf2;font:14px/1.35 monospace;padding:16px;margin:0';
  await page.setContent(`<body style="margin:0"><pre style="${style}"></pre>`);
  const shown = text.replaceAll(output, 'runs/movielens-quick').trimEnd();
  await page.locator('pre').evaluate((pre, of) => pre.replaceChildren(of), shown);
  await page.locator('pre').screenshot({ path: join(target, 'top.png') });
}

await main();
