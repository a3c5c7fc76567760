/**
 * Archives of images, as `docker save` and `buildah push docker-archive:` write them: layers, a
 * configuration and a manifest in one tar file. Written here with the layers in their order and
 * everything that can change at the end, so that a new top layer costs its own size.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  copyFileSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { filling, tarEnd, tarEntry, tarFileHeader, tarFiles } from './tar.mjs';

const block = 512;
const pieceBytes = 4 * 2 ** 20;

/** `{ tags, config, layers }`; a layer is `{ name, offset, size }`, its content as it is in the archive. */
export function readArchive(file) {
  const descriptor = openSync(file, 'r');
  try {
    const files = tarFiles(descriptor);
    if (!files.has('manifest.json')) {
      throw new Error(
        `Cannot read ${file}: it has no manifest.json: it must be an archive of an image`,
      );
    }
    const [manifest] = JSON.parse(textOf(descriptor, files.get('manifest.json')));
    return {
      tags: manifest.RepoTags,
      config: JSON.parse(textOf(descriptor, files.get(manifest.Config))),
      layers: manifest.Layers.map((name) => ({ name, ...files.get(name) })),
    };
  } finally {
    closeSync(descriptor);
  }
}

/** Unpacked, as nodes keep them; what a registry stores is smaller. */
export const sizeOf = (archive) => archive.layers.reduce((sum, { size }) => sum + size, 0);

/** Rewrites what a builder has written into `raw` as `file`, and removes it. */
export function tidyArchive(raw, file) {
  const { tags, config, layers } = readArchive(raw);
  const scratch = `${file}.part`;
  const from = openSync(raw, 'r');
  const to = openSync(scratch, 'w');
  for (const [index, layer] of layers.entries()) {
    const name = layerName(config.rootfs.diff_ids[index]);
    writeSync(to, tarFileHeader(name, layer.size));
    copyBytes(from, layer.offset, layer.size, to);
    writeSync(to, filling(layer.size));
  }
  writeEnd(to, tags, config);
  closeSync(from);
  closeSync(to);
  renameSync(scratch, file);
  unlinkSync(raw);
}

/**
 * Replaces the last layer by `layer`, a tar file's bytes, and the name by `tag`.
 *
 * @param file as `tidyArchive` left it
 * @param edit(config): changes what else is new in the configuration
 * @returns whether anything of it was new
 */
export function replaceTopLayer(file, layer, tag, edit) {
  const { tags, config, layers } = readArchive(file);
  const before = JSON.stringify([tags, config]);
  const digest = `sha256:${createHash('sha256').update(layer).digest('hex')}`;
  config.rootfs.diff_ids[layers.length - 1] = digest;
  edit(config);
  if (JSON.stringify([[tag], config]) === before) return false;
  const scratch = `${file}.part`;
  copyFileSync(file, scratch, constants.COPYFILE_FICLONE);
  const to = openSync(scratch, 'r+');
  const at = layers.at(-1).offset - block;
  ftruncateSync(to, at);
  writeAt(to, at, [
    tarFileHeader(layerName(digest), layer.length),
    layer,
    filling(layer.length),
    ...endOf([tag], config),
  ]);
  closeSync(to);
  renameSync(scratch, file);
  return true;
}

const layerName = (diffId) => `${diffId.replace('sha256:', '')}.tar`;

const writeEnd = (descriptor, tags, config) => {
  for (const bytes of endOf(tags, config)) writeSync(descriptor, bytes);
};

function endOf(tags, config) {
  const text = Buffer.from(JSON.stringify(config));
  const name = `${createHash('sha256').update(text).digest('hex')}.json`;
  const manifest = [
    { Config: name, RepoTags: tags, Layers: config.rootfs.diff_ids.map(layerName) },
  ];
  return [
    tarEntry({ path: name, mode: 0o644, content: text }),
    tarEntry({
      path: 'manifest.json',
      mode: 0o644,
      content: Buffer.from(JSON.stringify(manifest)),
    }),
    tarEnd(),
  ];
}

function writeAt(descriptor, offset, parts) {
  let at = offset;
  for (const part of parts) at += writeSync(descriptor, part, 0, part.length, at);
}

function copyBytes(from, offset, size, to) {
  const piece = Buffer.alloc(pieceBytes);
  for (let done = 0; done < size; ) {
    const length = readSync(from, piece, 0, Math.min(pieceBytes, size - done), offset + done);
    if (length === 0) throw new Error(`Cannot copy a layer: its archive ends after ${done} bytes`);
    writeSync(to, piece, 0, length);
    done += length;
  }
}

const textOf = (descriptor, { offset, size }) => {
  const bytes = Buffer.alloc(size);
  readSync(descriptor, bytes, 0, size, offset);
  return bytes.toString('utf8');
};
