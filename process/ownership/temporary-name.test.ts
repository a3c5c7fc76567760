import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ownerTag } from '../../shared/run/owner.js';
import { ownIdentity } from './process-identity.js';
import { sweepAbandoned, temporaryName } from './temporary-name.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-names-'));
after(() => rmSync(folder, { recursive: true }));

// Would catch a name that two writers share, as a pid was in two containers.
test('no two temporary names are the same', () => {
  const names = Array.from({ length: 100 }, () => temporaryName('x'));
  assert.equal(new Set(names).size, 100);
});

// Would catch a sweep under a living writer, and leftovers of killed ones that stay for ever.
test('only what is provably nobody’s is swept', () => {
  const mine = ownIdentity();
  // No process is older than the system, so this one has ended.
  const dead = ownerTag({ ...mine, startTicks: '0' });
  const elsewhere = ownerTag({ ...mine, pidNamespace: '1' });
  const names = {
    own: temporaryName('x'),
    dead: `.x.${dead}.1.partial`,
    elsewhere: `.x.${elsewhere}.1.partial`,
    elsewhereAndOld: `.x.${elsewhere}.2.partial`,
    unnamed: '.x.123.partial',
    other: `.y.${dead}.1.kept`,
  };
  for (const name of Object.values(names)) mkdirSync(join(folder, name));
  const longAgo = new Date(Date.now() - 2 * 24 * 3600 * 1000);
  utimesSync(join(folder, names.elsewhereAndOld), longAgo, longAgo);
  const swept = sweepAbandoned(folder, (name) => name.endsWith('.partial'));
  const known = mine.boot !== null;
  assert.deepEqual(swept.sort(), [...(known ? [names.dead] : []), names.elsewhereAndOld].sort());
  for (const kept of [names.own, names.elsewhere, names.unnamed, names.other]) {
    assert.ok(readdirSync(folder).includes(kept), kept);
  }
  assert.deepEqual(
    sweepAbandoned(join(folder, 'none'), () => true),
    [],
  );
});
