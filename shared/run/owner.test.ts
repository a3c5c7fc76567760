import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { abandonedAfter } from '../limits.js';
import { millis } from '../units.js';
import {
  isAbandoned,
  judgeOwner,
  type Liveness,
  type Owner,
  ownerTag,
  type ProcessSeen,
  readOwnerTag,
} from './owner.js';

const here: Owner = {
  host: 'node-1',
  pid: 77,
  boot: '0123456789ab',
  pidNamespace: '4026531836',
  startTicks: '5000',
};
const owner: Owner = { ...here, pid: 1, startTicks: '900' };
const running = (startTicks: string | null): ProcessSeen => ({ kind: 'present', startTicks });
const absent: ProcessSeen = { kind: 'absent' };

const cases: readonly [string, Owner, Owner, ProcessSeen, Liveness][] = [
  ['the same process', owner, here, running('900'), 'alive'],
  ['a pid that nobody has', owner, here, absent, 'dead'],
  ['a pid that another process has by now', owner, here, running('901'), 'dead'],
  ['a process that may not be looked at', owner, here, running(null), 'unknown'],
  // In a container everyone is pid 1: that ours runs says nothing about theirs.
  ['pid 1 of another container', { ...owner, pidNamespace: '9' }, here, running('900'), 'unknown'],
  ['pid 1 of another container', { ...owner, pidNamespace: '9' }, here, absent, 'unknown'],
  ['a machine of the same name', { ...owner, boot: 'ba9876543210' }, here, absent, 'unknown'],
  ['an unknown namespace', { ...owner, pidNamespace: null }, here, absent, 'unknown'],
];

const bare = { ...here, boot: null, pidNamespace: null, startTicks: null };
const bareCases: typeof cases = [
  ['no /proc, no such pid', { ...bare, pid: 1 }, bare, absent, 'dead'],
  ['no /proc, the pid is someone', { ...bare, pid: 1 }, bare, running(null), 'unknown'],
  ['no /proc, another host', { ...bare, host: 'node-2' }, bare, absent, 'unknown'],
  ['no /proc here, one there', owner, bare, absent, 'unknown'],
];

// Would catch a lock that is taken from a living run, and one that is kept for ever by a pid that is
// another process's by now.
test('an owner is dead or alive only where that is proven', () => {
  for (const [what, of, by, seen, expected] of [...cases, ...bareCases]) {
    assert.equal(judgeOwner(of, by, seen), expected, what);
  }
});

// Would catch a sweep that takes a file whose writer lives or may live.
test('a temporary file is nobody’s when its owner is dead, or unknown and a day old', () => {
  const [young, old] = [millis(abandonedAfter - 1), abandonedAfter];
  assert.equal(isAbandoned('dead', millis(0)), true);
  assert.equal(isAbandoned('alive', old), false);
  assert.equal(isAbandoned('unknown', young), false);
  assert.equal(isAbandoned('unknown', old), true);
});

// Would catch a name from which the wrong owner is read, whose file is then swept under it.
test('an owner survives its way through a name, and no other text is taken for one', () => {
  const digits = fc.integer({ min: 1, max: 2 ** 31 }).map(String);
  const boot = fc.stringMatching(/^[0-9a-f]{12}$/);
  fc.assert(
    fc.property(digits, digits, digits, boot, (pid, startTicks, pidNamespace, id) => {
      const some = { host: 'h', pid: Number(pid), startTicks, pidNamespace, boot: id };
      assert.deepEqual(readOwnerTag(`.step-1.${ownerTag(some)}.abc.partial`, 'h'), some);
    }),
  );
  for (const name of ['.step-00000050.1.partial', `.x.${ownerTag(bare)}.y`, '.partial', '']) {
    assert.equal(readOwnerTag(name, 'h'), null);
  }
});
