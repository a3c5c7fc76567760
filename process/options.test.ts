import assert from 'node:assert/strict';
import { test } from 'node:test';
import { natsUrl, OptionError, readOptions } from './options.js';

// Would catch a typing error that is silently ignored or read as a number it is not.
test('options that are missing, unknown or no integers are refused by name', () => {
  const options = readOptions(['--port', '74oo', '--name', 'a'], ['port', 'name']);
  assert.equal(options.text('name'), 'a');
  assert.throws(
    () => options.integer('port', 0, 65535),
    /--port must be .* current value is "74oo"/,
  );
  assert.throws(() => options.text('other'), OptionError);
  assert.throws(() => readOptions(['--prot', '1'], ['port']), OptionError);
  assert.throws(() => readOptions(['stray'], ['port']), OptionError);
});

// Would catch a default that hides a value, and limits that are off by one.
test('integers keep their limits and take their default only where they are absent', () => {
  const options = readOptions(['--port', '0'], ['port', 'count'], ['fast']);
  assert.equal(options.integer('port', 0, 65535, 7), 0);
  assert.equal(options.integer('count', 1, 9, 7), 7);
  assert.throws(() => options.integer('port', 1, 9), OptionError);
  assert.equal(options.flag('fast'), false);
});

// Would catch a process that connects to some default server by surprise.
test('the address of nats-server has no default', () => {
  assert.equal(natsUrl({ LOCKSTEP_NATS_URL: 'nats://h:1' }), 'nats://h:1');
  assert.throws(() => natsUrl({}), OptionError);
});
