/** The dashboard in a real browser, against a real training. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { type Command, startCommand } from '../run/command.js';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { longJob } from '../run/small-run/small-run.js';
import { complaintsOf, openBrowser, withoutBrowser } from './browser.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-browser-'));
const browsers: Browser[] = [];
const runs: Command[] = [];
after(async () => {
  for (const run of runs) {
    run.process.kill('SIGTERM');
    await run.end;
  }
  for (const browser of browsers) await browser.close();
  rmSync(folder, { recursive: true, force: true });
});

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function startTraining(name: string): Promise<{ run: Command; url: string }> {
  const dataset = join(folder, name, 'dataset');
  await smallDataset(dataset);
  const job = join(folder, `${name}.json`);
  writeFileSync(job, JSON.stringify(longJob({ dataset, steps: 100_000, name, workers: 2 })));
  const words = ['train', job, '--output', join(folder, name, 'run'), '--json'];
  const run = startCommand(program, words);
  runs.push(run);
  const [, url = ''] = (await run.warned(/^dashboard: (\S+)$/)) ?? [];
  await run.committed(20);
  return { run, url };
}

async function openPage(url: string, width = 1400): Promise<{ page: Page; complaints: string[] }> {
  const browser = await openBrowser();
  browsers.push(browser);
  // The policy of the page forbids foreign scripts, such as the one that checks it.
  const page = await browser.newPage({ viewport: { width, height: 900 }, bypassCSP: true });
  const complaints = complaintsOf(page);
  await page.goto(url);
  return { page, complaints };
}

/** Findings that keep people from using the page. */
async function findings(page: Page): Promise<string[]> {
  await page.addScriptTag({ content: axe });
  // In the page, which is no place of this program's types.
  const results: AxeResults = await page.evaluate('axe.run()');
  return results.violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}

async function end(run: Command): Promise<void> {
  run.process.kill('SIGINT');
  assert.equal((await run.end).code, exitCodes.stopped);
}

test('a training is watched live: a worker that is killed appears as a recovery', {
  skip: withoutBrowser,
}, async () => {
  const { run, url } = await startTraining('live');
  const { page, complaints } = await openPage(url);
  await page.waitForSelector('.badge.training');
  await page.waitForSelector('.chart canvas');
  process.kill(run.pids.get('worker-1') as number, 'SIGKILL');
  const recovery = await page.waitForSelector('.timeline .recovery .text');
  assert.match((await recovery.textContent()) ?? '', /^recovered: worker-1 lost; noticed after /);
  // It is started again, and the page says so without being loaded again.
  await page.waitForSelector('.timeline .generation:has-text("worker-1 joins")');
  await page.waitForSelector('.workers .bar');
  await end(run);
  assert.deepEqual(complaints, []);
});

test('a page is of use at 360 pixels, in the dark, by keys and to who does not see it', {
  skip: withoutBrowser,
}, async () => {
  const { run, url } = await startTraining('narrow');
  const { page, complaints } = await openPage(url, 360);
  await page.waitForSelector('.workers .bar');
  await page.emulateMedia({ colorScheme: 'dark' });
  assert.deepEqual(await findings(page), []);
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(await findings(page), []);
  const widest = await page.evaluate('document.documentElement.scrollWidth');
  assert.ok(Number(widest) <= 360, `the page is ${widest} pixels wide`);
  const loss = page.getByRole('button', { name: 'show or hide loss' });
  assert.equal(await loss.getAttribute('aria-pressed'), 'true');
  await loss.press('Enter');
  assert.equal(await loss.getAttribute('aria-pressed'), 'false');
  await end(run);
  assert.deepEqual(complaints, []);
});
