import assert from 'node:assert/strict';
import { test } from 'node:test';
import { driverVersion } from './gather-facts.js';
import { processorShare } from './processor-share.js';

// Would catch a limit of one version of control groups that is read as that of the other, or as none.
test('a share of processors is read of either version', () => {
  const none = { max: null, quota: null, period: null };
  assert.equal(processorShare({ ...none, max: '150000 100000\n' }), 1.5);
  assert.equal(processorShare({ ...none, max: 'max 100000\n' }), null);
  assert.equal(processorShare({ ...none, quota: '200000\n', period: '100000\n' }), 2);
  assert.equal(processorShare({ ...none, quota: '-1\n', period: '100000\n' }), null);
  assert.equal(processorShare(none), null);
});

// Would catch a driver that is not seen because its kernel module is the open one.
test('the version of a driver is read of both of its kernel modules', () => {
  const closed = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar 5 22:23:56\n';
  const open =
    'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.124.06  Release Build\n';
  assert.equal(driverVersion(closed), '550.54.15');
  assert.equal(driverVersion(open), '570.124.06');
  assert.equal(driverVersion('something new'), 'unknown');
  assert.equal(driverVersion(null), null);
});
