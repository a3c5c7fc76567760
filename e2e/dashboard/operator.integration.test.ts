/** An operator at work in a real browser, on a real training. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Page } from 'playwright-core';
import { exitCodes } from '../../shared/exit-codes.js';
import { withoutBrowser } from './browser.js';
import { findings } from './findings.js';
import { WatchedTrainings } from './watched-trainings.js';

const trainings = new WatchedTrainings();
after(() => trainings.close());

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const said = (page: Page, text: string) =>
  page.locator('.actions [role=status]', { hasText: text }).waitFor();

async function signIn(page: Page, token: string): Promise<void> {
  await page.getByLabel("The operators' token").fill(token);
  await page.getByLabel('Your name').fill('Ann');
  await page.keyboard.press('Enter');
}

// Would catch actions that are drawn and not done, done and not said, or done for whoever may look.
test('an operator signs in, pauses, has a checkpoint, drains a worker, goes on and stops', {
  skip: withoutBrowser,
}, async () => {
  const { output, run, url } = await trainings.start('acted', 3);
  const tokenFile = join(output, 'operator.token');
  assert.equal(statSync(tokenFile).mode & 0o777, 0o600);
  const { page, complaints } = await trainings.open(url);
  await page.waitForSelector('.workers .bar');
  await button(page, 'Sign in to act…').click();
  assert.equal(await button(page, 'Pause').count(), 0);
  assert.deepEqual(await findings(page), []);
  await signIn(page, 'no token');
  await page.locator('dialog [role=alert]', { hasText: 'not the token' }).waitFor();
  // The refusal is a line of the browser's console too.
  assert.match(complaints.splice(0).join(), /^[^,]* 403 [^,]*$/);
  await signIn(page, readFileSync(tokenFile, 'utf8'));

  await button(page, 'Pause').press('Enter');
  await said(page, 'paused by Ann (dashboard) after step');
  await page.waitForSelector('.badge.paused');
  await page.waitForSelector('.timeline .paused:has-text("Ann (dashboard)")');
  assert.equal(await button(page, 'Pause').count(), 0);
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await findings(page), []);
  }
  await button(page, 'Checkpoint now').click();
  await said(page, 'Ann (dashboard) asks for a checkpoint');
  // A session is the browser's, and not the page's.
  await page.reload();
  await button(page, 'Continue').click();
  await said(page, 'lets the run go on');
  await page.waitForSelector('.badge.training');

  await button(page, 'Drain worker-2…').click();
  await page.getByText('worker-2 hands over within a step and ends; 2 stay').waitFor();
  assert.deepEqual(await findings(page), []);
  await page.keyboard.press('Escape');
  assert.equal(await page.evaluate('document.activeElement.ariaLabel'), 'Drain worker-2…');
  await button(page, 'Drain worker-2…').click();
  await button(page, /^Drain$/).click();
  await said(page, 'drains worker-2');
  await page.waitForSelector('.timeline .draining');

  await button(page, 'Stop…').click();
  await button(page, /^Stop$/).click();
  const { code, lines } = await run.end;
  assert.equal(code, exitCodes.stopped);
  const kinds = new Set(lines.map(({ kind }) => kind));
  for (const kind of ['paused', 'asked_checkpoint', 'went_on', 'draining']) {
    assert.ok(kinds.has(kind), kind);
  }
  assert.ok(!existsSync(tokenFile));
});

// Would catch buttons that are there and do nothing: sessions live with the process that has them.
test('where the coordinator was started again, the page asks who acts, at 360 pixels too', {
  skip: withoutBrowser,
}, async () => {
  const { output, run, url } = await trainings.start('again');
  const token = readFileSync(join(output, 'operator.token'), 'utf8');
  const { page } = await trainings.open(url, 360);
  await button(page, 'Sign in to act…').click();
  assert.deepEqual(await findings(page), []);
  const widest = await page.evaluate('document.documentElement.scrollWidth');
  assert.ok(Number(widest) <= 360, `the page is ${widest} pixels wide`);
  await signIn(page, token);
  await button(page, 'Pause').waitFor();
  process.kill(run.pids.get('coordinator') as number, 'SIGKILL');
  await button(page, 'Sign in to act…').click();
  await signIn(page, token);
  await button(page, 'Sign out Ann').click();
  await said(page, 'You are signed out.');
  assert.equal(await button(page, 'Pause').count(), 0);
  run.process.kill('SIGINT');
  assert.equal((await run.end).code, exitCodes.stopped);
});
