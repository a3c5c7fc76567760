/** The dashboard in a real browser, against a real training. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { exitCodes } from '../../shared/exit-codes.js';
import type { Command } from '../run/command.js';
import { withoutBrowser } from './browser.js';
import { findings } from './findings.js';
import { WatchedTrainings } from './watched-trainings.js';

const trainings = new WatchedTrainings();
after(() => trainings.close());

/** A page asks on for a server that has gone with its run: nothing else may be complained of. */
async function end(run: Command, complaints: readonly string[]): Promise<void> {
  assert.deepEqual(complaints, []);
  run.process.kill('SIGINT');
  assert.equal((await run.end).code, exitCodes.stopped);
  for (const complaint of complaints)
    assert.match(complaint, /^Failed to load resource: net::ERR_[A-Z_]+$/);
}

test('a training is watched live: a worker that is killed appears as a recovery', {
  skip: withoutBrowser,
}, async () => {
  const { run, url } = await trainings.start('live');
  const { page, complaints } = await trainings.open(url);
  await page.waitForSelector('.badge.training');
  await page.waitForSelector('.chart canvas');
  process.kill(run.pids.get('worker-1') as number, 'SIGKILL');
  const recovery = await page.waitForSelector('.timeline .recovery .text');
  assert.match((await recovery.textContent()) ?? '', /^recovered: worker-1 lost; noticed after /);
  // It is started again, and the page says so without being loaded again.
  await page.waitForSelector('.timeline .generation:has-text("worker-1 joins")');
  await page.waitForSelector('.workers .bar');
  // Of the members that train now: what each does, what goes over their links, and what is recorded.
  await page.waitForSelector('.work .meter');
  await page.waitForSelector('.matrix td:has-text("B/s")');
  await page.waitForSelector('section[aria-label="Ledger"] .verdict:has-text("recorded once")');
  await end(run, complaints);
});

test('a page is of use at 360 pixels, in the dark, by keys and to who does not see it', {
  skip: withoutBrowser,
}, async () => {
  const { run, url } = await trainings.start('narrow');
  const { page, complaints } = await trainings.open(url, 360);
  await page.waitForSelector('.matrix td:has-text("B/s")');
  await page.waitForSelector('.epochs');
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
  await end(run, complaints);
});
