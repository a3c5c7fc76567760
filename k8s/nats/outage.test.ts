import assert from 'node:assert/strict';
import { test } from 'node:test';
import { millis } from '../../shared/units.js';
import { Outage } from './outage.js';

const away = new Error('away');
const refused = new Error('refused');

function anOutage() {
  const clock = { now: 0 };
  const outage = new Outage({ now: () => millis(clock.now) }, (error) => error === away);
  let tries = 0;
  const run = (error: Error | null): Promise<string> =>
    outage.run(async () => {
      tries++;
      if (error !== null) throw error;
      return 'done';
    });
  return { clock, outage, run, tries: () => tries };
}

// Would catch a controller that is busy with nothing but waiting for servers, for each of its jobs in turn.
test('while servers are away one asks at a time, and seldom', async () => {
  const { clock, outage, run, tries } = anOutage();
  await assert.rejects(run(away), away);
  await assert.rejects(run(null), away);
  assert.equal(tries(), 1);
  clock.now = 3_000;
  let answer: (text: string) => void = () => undefined;
  const first = outage.run(
    () =>
      new Promise<string>((resolve) => {
        answer = resolve;
      }),
  );
  await assert.rejects(run(null), away);
  answer('here again');
  assert.equal(await first, 'here again');
  assert.equal(await run(null), 'done');
});

test('a refusal is an answer: the servers are there', async () => {
  const { clock, run, tries } = anOutage();
  await assert.rejects(run(refused), refused);
  assert.equal(await run(null), 'done');
  await assert.rejects(run(away), away);
  clock.now = 3_000;
  await assert.rejects(run(refused), refused);
  assert.equal(await run(null), 'done');
  assert.equal(tries(), 5);
});
