import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderingInterval } from '../../shared/limits.js';
import { millis } from '../../shared/units.js';
import { SharedRendering } from './shared-rendering.js';

// Would catch a rendering for each of a thousand requests, and metrics that never change again.
test('all who ask within an interval get one rendering', async () => {
  let [now, renderings] = [0, 0];
  const shared = new SharedRendering(async () => `text ${++renderings}`, {
    now: () => millis(now),
  });
  const asked = await Promise.all(Array.from({ length: 1000 }, () => shared.text()));
  assert.deepEqual(new Set(asked), new Set(['text 1']));
  now = renderingInterval;
  assert.equal(await shared.text(), 'text 2');
});

// Would catch one failure that is served until the next interval.
test('a rendering that failed is tried again', async () => {
  let broken = true;
  const render = async () => (broken ? Promise.reject(new Error('no links')) : 'text');
  const shared = new SharedRendering(render, { now: () => millis(0) });
  await assert.rejects(shared.text(), /no links/);
  broken = false;
  assert.equal(await shared.text(), 'text');
});
