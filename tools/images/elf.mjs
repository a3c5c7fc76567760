/** What the dynamic linker reads of a shared library: 64-bit ELF, little endian, as on x86-64 and arm64. */
import { closeSync, openSync, readSync } from 'node:fs';

const headerBytes = 64;
const programHeaderBytes = 56;
const loaded = 1;
const dynamic = 2;
const tags = { needed: 1, strings: 5, stringsSize: 10, rpath: 15, runpath: 29 };

/**
 * @returns `needed`: names of libraries; `paths`: where they are looked for (RPATH, RUNPATH), each
 *   with its `offset` in the file, so that another text may take its place
 * @throws Error where the file is no such library
 */
export function readDynamic(file) {
  const descriptor = openSync(file, 'r');
  try {
    return dynamicOf((offset, length) => bytesAt(descriptor, offset, length, file), file);
  } finally {
    closeSync(descriptor);
  }
}

function bytesAt(descriptor, offset, length, file) {
  const buffer = Buffer.alloc(length);
  const found = readSync(descriptor, buffer, 0, length, offset);
  if (found !== length) throw new Error(`Cannot read ${file}: it ends at byte ${offset + found}`);
  return buffer;
}

function dynamicOf(read, file) {
  const header = read(0, headerBytes);
  // 0x7f ELF, 64 bits, little endian.
  if (header.toString('latin1', 0, 6) !== '\x7fELF\x02\x01') {
    throw new Error(`Cannot read ${file}: it is no 64-bit ELF file`);
  }
  const segments = programHeaders(header, read);
  const table = segments.find(({ type }) => type === dynamic);
  if (table === undefined) return { needed: [], paths: [] };
  const entries = dynamicEntries(read(table.offset, table.size));
  const entryOf = (tag) => entries.find((entry) => entry.tag === tag)?.value;
  const address = entryOf(tags.strings);
  const home = segments.find(
    ({ type, start, size }) => type === loaded && address >= start && address < start + size,
  );
  const stringsAt = address - home.start + home.offset;
  const strings = read(stringsAt, entryOf(tags.stringsSize));
  const textAt = (at) => strings.toString('utf8', at, strings.indexOf(0, at));
  const all = (...wanted) => entries.filter(({ tag }) => wanted.includes(tag));
  return {
    needed: all(tags.needed).map(({ value }) => textAt(value)),
    paths: all(tags.rpath, tags.runpath).map(({ value }) => ({
      text: textAt(value),
      offset: stringsAt + value,
    })),
  };
}

function programHeaders(header, read) {
  const offset = Number(header.readBigUInt64LE(32));
  const count = header.readUInt16LE(56);
  const bytes = read(offset, count * programHeaderBytes);
  return Array.from({ length: count }, (_, index) => {
    const at = index * programHeaderBytes;
    return {
      type: bytes.readUInt32LE(at),
      offset: Number(bytes.readBigUInt64LE(at + 8)),
      start: Number(bytes.readBigUInt64LE(at + 16)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
    };
  });
}

function dynamicEntries(bytes) {
  const entries = [];
  for (let at = 0; at + 16 <= bytes.length; at += 16) {
    const tag = Number(bytes.readBigInt64LE(at));
    if (tag === 0) break;
    entries.push({ tag, value: Number(bytes.readBigUInt64LE(at + 8)) });
  }
  return entries;
}
