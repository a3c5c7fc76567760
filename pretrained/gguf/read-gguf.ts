/** Opens a GGUF file: what its header says, and its tensors as a source. */
import { stat } from 'node:fs/promises';
import { readPieces, withFile } from '../../storage/hashed-files.js';
import type { Encoding } from '../decode/encoding.js';
import { turnedHeads } from '../decode/turned-heads.js';
import type { FileTensor } from '../file-tensors.js';
import { UnsupportedError } from '../pretrained-error.js';
import { type GgufHeader, GgufParser, type GgufTensor } from './gguf-parser.js';
import { huggingFaceName, isTurned } from './tensor-names.js';
import { encodingOf } from './tensor-types.js';

/** @throws UnsupportedError where the bytes are no GGUF file */
export async function readGgufHeader(file: string): Promise<GgufHeader> {
  const parser = new GgufParser();
  await withFile(file, 'r', async (handle) => {
    for await (const piece of readPieces(handle, { begin: 0, end: Number.POSITIVE_INFINITY })) {
      parser.push(piece);
      if (parser.header !== null) return;
    }
  });
  if (parser.header === null) throw new UnsupportedError('it ends within its header');
  return parser.header;
}

/** How the rows of queries and keys lie. */
export interface HeadRows {
  /** `llama` files have them turned; those of other architectures do not. */
  readonly turned: boolean;
  readonly headSize: number;
}

/** @throws UnsupportedError naming the tensor that cannot be read */
export async function ggufTensors(
  file: string,
  { tensors, dataBegin }: GgufHeader,
  heads: HeadRows,
): Promise<FileTensor[]> {
  const { size } = await stat(file);
  return tensors.map((tensor) => {
    const shape = [...tensor.dimensions].reverse();
    const position = dataBegin + tensor.offset;
    const plain = encodingOf(tensor.name, tensor.type);
    const bytes = storedBytes(tensor, plain);
    if (!(position + bytes <= size)) {
      throw new UnsupportedError(
        `its tensor "${tensor.name}" ends at byte ${position + bytes}: the file has ${size}`,
      );
    }
    const name = huggingFaceName(tensor.name);
    const turned = heads.turned && isTurned(name);
    const encoding = turned ? unturned(tensor, plain, heads.headSize) : plain;
    return { name, shape, dtype: plain.dtype, file, position, encoding };
  });
}

function storedBytes(
  { name, dimensions }: GgufTensor,
  { dtype, elements, bytes }: Encoding,
): number {
  const columns = dimensions[0] ?? 1;
  if (columns % elements !== 0) {
    throw new UnsupportedError(
      `its tensor "${name}" has rows of ${columns}: ${dtype} has blocks of ${elements}`,
    );
  }
  return (dimensions.reduce((product, extent) => product * extent, 1) / elements) * bytes;
}

function unturned({ name, dimensions }: GgufTensor, plain: Encoding, headSize: number): Encoding {
  const columns = dimensions.length > 1 ? (dimensions[0] as number) : 1;
  const rows = dimensions.at(-1) ?? 1;
  if (rows % headSize !== 0 || headSize % 2 !== 0 || (headSize * columns) % plain.elements !== 0) {
    throw new UnsupportedError(
      `its tensor "${name}" has ${rows} rows: they must be heads of ${headSize}`,
    );
  }
  return turnedHeads(plain, headSize, columns);
}
