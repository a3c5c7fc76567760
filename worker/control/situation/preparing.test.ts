import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryInterval } from './limits.js';
import { at, fromState, hears, Play, record } from './situation-fixture.js';

const planned = { planned: true };
const next = record(2, [0, 1, 2], null, planned);

// Would catch a border at which links and plans are begun only when everybody waits for them.
test('a planned generation is made ready once, while its members train', () => {
  const play = Play.training();
  assert.deepEqual(play.hear(hears(next)), ['change', 'prepare-generation']);
  assert.equal(play.hear(hears(next), hears(next)).includes('prepare-generation'), false);
  play.hear({ kind: 'left', generation: 1, position: at(5), planned: true });
  const start = record(2, [0, 1, 2], fromState(at(5), 0, 1), planned);
  assert.deepEqual(play.hear(hears(start)), ['drop-links', 'connect']);
  assert.deepEqual(play.hear({ kind: 'linked', generation: 2 }), ['renew-permit', 'enter']);
  assert.equal(play.worker.known.prepared, null);
});

// Would catch a newcomer for which the members wait at its first border.
test('who joins makes it ready as well', () => {
  const play = Play.standingBy();
  assert.equal(play.hear(hears(record(2, [0, 1], null, planned))).includes('connect'), false);
  assert.equal(play.worker.known.prepared, 2);
});

// Would catch sockets and a reader of plans that stay open for good behind a change that came to nothing.
test('what was made ready for a generation that never begins is given up', () => {
  const superseded = Play.training();
  superseded.hear(hears(next));
  const after = superseded.hear(hears(record(3, [0, 1])));
  assert.equal(after.filter((kind) => kind === 'forget-generation').length, 1);
  assert.equal(after.includes('prepare-generation'), false);
  const leftOut = Play.training();
  leftOut.hear(hears(next));
  assert.ok(leftOut.hear(hears(record(3, [0, 2], null, planned))).includes('forget-generation'));
  assert.equal(leftOut.worker.known.prepared, null);
});

// Would catch links of a generation whose members are not known to come to its border.
test('nothing is made ready for a change that aborts the step', () => {
  const unplanned = Play.training();
  assert.equal(unplanned.hear(hears(record(2, [0, 1]))).includes('prepare-generation'), false);
});

// Would catch a newcomer with a large state that is never taken in: those that have the state already cannot be linked
// with it while it copies, and give up.
test('whoever copies is linked meanwhile, once, until that copy is not wanted any more', () => {
  for (const of of [planned, {}]) {
    const begun = Play.standingBy();
    const start = record(2, [0, 1, 2], fromState(at(5), 0, 2), of);
    assert.deepEqual(begun.hear(hears(start)), ['copy', 'prepare-generation']);
    begun.hear({ kind: 'copy-failed', copy: 1, early: false, detail: 'closed' });
    assert.deepEqual(begun.wait(retryInterval), ['copy']);
    assert.ok(begun.hear(hears(record(3, [0, 1]))).includes('forget-generation'));
  }
});
