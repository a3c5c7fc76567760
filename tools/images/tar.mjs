/** As much of tar as layers and archives of images need: POSIX ustar with pax names, whole blocks. */
import { readSync } from 'node:fs';

const block = 512;
const padded = (size) => Math.ceil(size / block) * block;

/**
 * One entry: its header and its content, filled up.
 *
 * @param entry `{ path, mode, content }`; `content` a Buffer, or null for a folder. Everything belongs
 *   to root and to the year 1970, so that the same files give the same bytes.
 */
export function tarEntry({ path, mode, content }) {
  const name = content === null ? `${path}/` : path;
  const long = Buffer.byteLength(name) > 100 ? longName(name) : [];
  const head = header(
    name,
    mode,
    content === null ? 0 : content.length,
    content === null ? '5' : '0',
  );
  return Buffer.concat([
    ...long,
    head,
    ...(content === null ? [] : [content, filling(content.length)]),
  ]);
}

/** Two empty blocks end an archive. */
export const tarEnd = () => Buffer.alloc(2 * block);

/** The header of a file whose content somebody else writes, and what comes behind it. */
export const tarFileHeader = (path, size) => header(path, 0o644, size, '0');
export const filling = (size) => Buffer.alloc(padded(size) - size);

function header(name, mode, size, type) {
  const bytes = Buffer.alloc(block);
  const octal = (value, at, length) =>
    bytes.write(`${value.toString(8).padStart(length - 1, '0')}\0`, at, 'latin1');
  bytes.write(name.slice(0, 100), 0, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(size, 124, 12);
  octal(0, 136, 12);
  bytes.write(' '.repeat(8), 148, 'latin1');
  bytes.write(type, 156, 'latin1');
  bytes.write('ustar\x0000', 257, 'latin1');
  const sum = bytes.reduce((total, byte) => total + byte, 0);
  bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return bytes;
}

/** A pax record counts itself: `23 path=...\n`. */
function longName(name) {
  const text = ` path=${name}\n`;
  let length = Buffer.byteLength(text);
  while (String(length).length + Buffer.byteLength(text) !== length) {
    length = String(length).length + Buffer.byteLength(text);
  }
  const record = Buffer.from(`${length}${text}`);
  return [header('pax', 0o644, record.length, 'x'), record, filling(record.length)];
}

/**
 * The files of an archive, by name: `{ offset, size }` of their content. Links are followed, as
 * buildah writes them for layers.
 *
 * @param descriptor of the open archive
 */
export function tarFiles(descriptor) {
  const files = new Map();
  const links = [];
  const bytes = Buffer.alloc(block);
  for (let at = 0; readSync(descriptor, bytes, 0, block, at) === block && bytes[0] !== 0; ) {
    const prefix = fieldOf(bytes, 345, 155);
    const name = `${prefix === '' ? '' : `${prefix}/`}${fieldOf(bytes, 0, 100)}`;
    const size = Number.parseInt(fieldOf(bytes, 124, 12), 8);
    const type = String.fromCharCode(bytes[156]);
    if (type === '0' || type === '\0') files.set(name, { offset: at + block, size });
    if (type === '2') links.push([name, fieldOf(bytes, 157, 100)]);
    at += block + padded(size);
  }
  for (const [name, target] of links) {
    const found = files.get(new URL(target, `file:///${name}`).pathname.slice(1));
    if (found !== undefined) files.set(name, found);
  }
  return files;
}

const fieldOf = (bytes, at, length) => {
  const end = bytes.indexOf(0, at);
  return bytes.toString('utf8', at, end < 0 || end > at + length ? at + length : end).trim();
};
