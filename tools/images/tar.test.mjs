import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { tarEnd, tarEntry, tarFiles } from './tar.mjs';

function scratch(t) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-tar-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

const long = `${'a-long-folder-name/'.repeat(8)}file`;

// Would catch: a layer that only our own reader understands.
it('writes what tar reads, names of any length included', (t) => {
  const folder = scratch(t);
  const entries = [
    { path: 'top', mode: 0o755, content: null },
    { path: 'top/empty', mode: 0o644, content: Buffer.alloc(0) },
    { path: 'top/run', mode: 0o755, content: Buffer.from('x'.repeat(513)) },
    { path: `top/${long}`, mode: 0o644, content: Buffer.from('deep') },
  ];
  writeFileSync(`${folder}/a.tar`, Buffer.concat([...entries.map(tarEntry), tarEnd()]));
  execFileSync('tar', ['-xf', `${folder}/a.tar`, '-C', folder]);
  assert.equal(readFileSync(`${folder}/top/run`, 'utf8').length, 513);
  assert.equal(readFileSync(`${folder}/top/empty`, 'utf8'), '');
  assert.equal(readFileSync(`${folder}/top/${long}`, 'utf8'), 'deep');
  const listing = execFileSync('tar', ['--numeric-owner', '-tvf', `${folder}/a.tar`], {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC' },
  });
  assert.match(listing, /^drwxr-xr-x 0\/0 +0 1970-01-01 00:00 top\/$/m);
  assert.match(listing, /^-rwxr-xr-x 0\/0 +513 1970-01-01 00:00 top\/run$/m);
});

// Would catch: layers of buildah's archives taken for empty, which are links to their files.
it('finds files and what links name in an archive of tar', (t) => {
  const folder = scratch(t);
  mkdirSync(`${folder}/in/inner`, { recursive: true });
  writeFileSync(`${folder}/in/layer`, 'content');
  execFileSync('ln', ['-s', '../layer', `${folder}/in/inner/layer.tar`]);
  execFileSync('tar', ['-cf', `${folder}/b.tar`, '-C', `${folder}/in`, 'layer', 'inner/layer.tar']);
  const descriptor = openSync(`${folder}/b.tar`, 'r');
  const files = tarFiles(descriptor);
  closeSync(descriptor);
  assert.deepEqual(files.get('inner/layer.tar'), files.get('layer'));
  const { offset, size } = files.get('layer');
  assert.equal(readFileSync(`${folder}/b.tar`).toString('utf8', offset, offset + size), 'content');
});
