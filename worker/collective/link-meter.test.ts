import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rank } from '../../shared/ids.js';
import { millis } from '../../shared/units.js';
import { LinkMeter } from './link-meter.js';

// Would catch frames in flight side by side that make a link look slower than it is.
test('what overlaps is counted once, and what is under way up to now', () => {
  const meter = new LinkMeter(rank(1));
  meter.sends(millis(1000));
  meter.sends(millis(1500));
  meter.sent(millis(2000), 10);
  meter.sent(millis(3000), 20);
  meter.sends(millis(5000));
  meter.waits(millis(4000));
  assert.deepEqual(meter.read(millis(6000)), {
    peer: 1,
    ...{ sentBytes: 30, receivedBytes: 0, sendSeconds: 3, waitSeconds: 2 },
  });
  meter.served(millis(7000));
  meter.received(5);
  const { receivedBytes, waitSeconds } = meter.read(millis(9000));
  assert.deepEqual([receivedBytes, waitSeconds], [5, 3]);
});
