/** Files that may come from anyone: jobs, pretrained models, archives. */
import { readFileSync } from 'node:fs';
import { readZipEntry, ZipError } from '../../dataset/built-in/wheel/zip-entry.js';
import {
  float32Of,
  ggufFile,
  textOf,
  textsOf,
  uint32Of,
} from '../../pretrained/gguf/gguf-fixture.js';
import { GgufParser } from '../../pretrained/gguf/gguf-parser.js';
import { UnsupportedError } from '../../pretrained/pretrained-error.js';
import { JobSpecError } from '../../shared/errors.js';
import { parseJob } from '../../shared/job-spec/job-spec.js';
import { projectRoot } from '../../shared/project-root.js';
import {
  decodeHeader,
  encodeHeader,
  headerLength,
  SafetensorsError,
} from '../../shared/safetensors-header.js';
import { cut, inPieces } from '../pieces.js';
import { json, sortedJson, type Target } from '../target.js';

const examples = ['quick', 'stages', 'late-fusion'].map((name) =>
  readFileSync(new URL(`examples/movielens-${name}.yaml`, projectRoot)),
);

function safetensors(): Uint8Array {
  const header = encodeHeader(
    [
      ['a', { dtype: 'F32', shape: [2, 3] }],
      ['b', { dtype: 'BF16', shape: [] }],
    ],
    { format: 'pt' },
  );
  const end = header.tensors.at(-1)?.end ?? 0;
  const file = new Uint8Array(header.bytes.length + end);
  file.set(header.bytes);
  return file;
}

const gguf = ggufFile(
  {
    'general.architecture': textOf('llama'),
    'llama.block_count': uint32Of(2),
    'llama.epsilon': float32Of(1e-5),
    'tokenizer.ggml.tokens': textsOf(['a', 'b', '<s>']),
  },
  [{ name: 'token_embd.weight', dimensions: [4, 2], type: 0, bytes: new Uint8Array(32) }],
);

/** One stored entry, `a`, of two bytes. */
function zip(): Uint8Array {
  const bytes = Buffer.alloc(30 + 1 + 2 + 46 + 1 + 22);
  bytes.writeUInt32LE(0x04034b50, 0);
  bytes.writeUInt16LE(1, 26);
  bytes.write('ahi', 30);
  const directory = 33;
  bytes.writeUInt32LE(0x02014b50, directory);
  bytes.writeUInt32LE(2, directory + 20);
  bytes.writeUInt32LE(2, directory + 24);
  bytes.writeUInt16LE(1, directory + 28);
  bytes.write('a', directory + 46);
  const end = directory + 47;
  bytes.writeUInt32LE(0x06054b50, end);
  bytes.writeUInt16LE(1, end + 10);
  bytes.writeUInt32LE(directory, end + 16);
  return bytes;
}

export const fileTargets = (): Target[] => [
  {
    name: 'job-spec',
    seeds: [...examples, ...examples.map((text) => json.close(parseJob(text.toString())))],
    // Of those that are JSON, which is YAML.
    format: json,
    read: (bytes) => parseJob(new TextDecoder().decode(bytes)),
    isRefusal: (error) => error instanceof JobSpecError,
    write: sortedJson,
  },
  {
    name: 'safetensors',
    seeds: [safetensors()],
    read: (bytes) =>
      decodeHeader(
        bytes.subarray(0, headerLength(bytes.subarray(0, 8), bytes.length)),
        bytes.length,
      ),
    isRefusal: (error) => error instanceof SafetensorsError,
  },
  {
    name: 'gguf',
    seeds: [gguf],
    read: (bytes) =>
      inPieces(bytes, (size) => {
        const parser = new GgufParser();
        for (const piece of cut(bytes, size)) parser.push(piece);
        return parser.header;
      }),
    isRefusal: (error) => error instanceof UnsupportedError,
  },
  {
    name: 'zip',
    seeds: [zip()],
    read: (bytes) => readZipEntry(Buffer.from(bytes), 'a', 4096),
    isRefusal: (error) => error instanceof ZipError,
  },
];
