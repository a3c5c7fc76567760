import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { RunModel } from '../data/run-model.js';
import { RunChannel } from './run-channel.js';

const time = '2026-01-02T03:04:05.678Z';
const large = 'x'.repeat(300_000);

function channelOf() {
  const model = new RunModel('r');
  const channel = new RunChannel('here', model);
  const warn = (text: string): void => {
    model.add({ kind: 'warning', time, committed_steps: 1, text });
    channel.tell(model);
  };
  return { channel, warn };
}

/** @param reads whether it ever takes what is written to it */
function viewerThat(reads: boolean) {
  let got = '';
  const viewer = new Writable({
    write: (piece, _encoding, done) => {
      got += String(piece);
      if (reads) done();
    },
  });
  return { viewer, got: () => got };
}

// Would catch a browser that sleeps and has the server keep everything for it.
test('who reads no more is dropped, and nobody else', async () => {
  const { channel, warn } = channelOf();
  const [sleeps, reads] = [viewerThat(false), viewerThat(true)];
  channel.join(sleeps.viewer, null);
  channel.join(reads.viewer, null);
  for (let told = 0; told < 5; told++) {
    warn(large);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(sleeps.viewer.destroyed);
  assert.equal(channel.viewers, 1);
  assert.equal(reads.got().match(/event: change/g)?.length, 5);
});

// Would catch two minutes of large messages that are kept for each of hundreds of runs.
test('what is kept for who was away has a bound in size', () => {
  const { channel, warn } = channelOf();
  const before = channel.version;
  warn('small');
  const away = viewerThat(true);
  channel.join(away.viewer, before);
  assert.match(away.got(), /small/);
  for (let told = 0; told < 8; told++) warn(large);
  const tooLong = viewerThat(true);
  channel.join(tooLong.viewer, before);
  assert.match(tooLong.got(), /event: reset/);
});
