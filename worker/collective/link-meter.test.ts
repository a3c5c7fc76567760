import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rank } from '../../shared/ids.js';
import { millis } from '../../shared/units.js';
import { LinkMeter } from './link-meter.js';

// Would catch exchanges side by side that make a peer look slower than it is.
test('what overlaps is counted once, and what is under way up to now', () => {
  const meter = new LinkMeter(rank(1));
  meter.waits(millis(1000));
  meter.waits(millis(1500));
  meter.served(millis(2000));
  meter.served(millis(3000));
  meter.receives(millis(4000));
  meter.sent(30);
  assert.deepEqual(meter.read(millis(6000)), {
    peer: 1,
    ...{ sentBytes: 30, receivedBytes: 0, receiveSeconds: 2, waitSeconds: 2 },
  });
  meter.received(millis(7000), 5);
  const { receivedBytes, receiveSeconds } = meter.read(millis(9000));
  assert.deepEqual([receivedBytes, receiveSeconds], [5, 3]);
});
