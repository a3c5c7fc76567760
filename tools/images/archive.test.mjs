import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { readArchive, replaceTopLayer, sizeOf, tidyArchive } from './archive.mjs';
import { tarEnd, tarEntry } from './tar.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const layers = ['base', 'libraries', 'code'].map((text) => Buffer.from(text.repeat(300)));
const nothing = () => {};

/** As a builder writes it: the configuration first, layers in any order, names of its own. */
function builderArchive(t) {
  const folder = mkdtempSync(join(tmpdir(), 'lockstep-archive-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const config = {
    config: { Labels: { a: '1' } },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
  };
  const manifest = [
    { Config: 'c.json', RepoTags: ['localhost/x:1'], Layers: ['2/layer.tar', '0.tar', '1.tar'] },
  ];
  const file = (path, content) => tarEntry({ path, mode: 0o644, content: Buffer.from(content) });
  const bytes = Buffer.concat([
    file('c.json', JSON.stringify(config)),
    file('1.tar', layers[2]),
    file('2/layer.tar', layers[0]),
    file('0.tar', layers[1]),
    file('manifest.json', JSON.stringify(manifest)),
    tarEnd(),
  ]);
  const raw = `${folder}/raw.tar`;
  writeFileSync(raw, bytes);
  return { raw, archive: `${folder}/image.tar` };
}

const contentOf = (file) => {
  const bytes = readFileSync(file);
  return readArchive(file).layers.map(({ offset, size }) => bytes.subarray(offset, offset + size));
};

it('brings layers into their order and keeps every byte of them', (t) => {
  const { raw, archive } = builderArchive(t);
  tidyArchive(raw, archive);
  assert.deepEqual(contentOf(archive), layers);
  assert.equal(existsSync(raw), false);
  assert.equal(
    sizeOf(readArchive(archive)),
    layers.reduce((sum, { length }) => sum + length, 0),
  );
});

// Would catch: an archive whose digests are of the layer before, which every node refuses.
it('replaces the top layer alone, with its digest, and nothing else of the archive', (t) => {
  const { raw, archive } = builderArchive(t);
  tidyArchive(raw, archive);
  const code = Buffer.from('new code, of another length'.repeat(50));
  const edit = ({ config }) => {
    config.Labels.a = '2';
  };
  assert.equal(replaceTopLayer(archive, code, 'localhost/x:2', edit), true);
  assert.deepEqual(contentOf(archive), [layers[0], layers[1], code]);
  const { config, tags } = readArchive(archive);
  assert.deepEqual(
    config.rootfs.diff_ids,
    [layers[0], layers[1], code].map((layer) => `sha256:${sha256(layer)}`),
  );
  assert.equal(config.config.Labels.a, '2');
  assert.deepEqual(tags, ['localhost/x:2']);
});

// Would catch: an image of another name for nodes whenever nothing has changed.
it('leaves an archive alone that has this layer and name already', (t) => {
  const { raw, archive } = builderArchive(t);
  tidyArchive(raw, archive);
  const before = readFileSync(archive);
  assert.equal(replaceTopLayer(archive, layers[2], 'localhost/x:1', nothing), false);
  assert.deepEqual(readFileSync(archive), before);
});

it('says that it is no archive of an image where it is not', (t) => {
  const { raw } = builderArchive(t);
  writeFileSync(
    raw,
    Buffer.concat([tarEntry({ path: 'a', mode: 0o644, content: Buffer.from('x') }), tarEnd()]),
  );
  assert.throws(() => readArchive(raw), /Cannot read .*raw\.tar: it has no manifest\.json/);
});
