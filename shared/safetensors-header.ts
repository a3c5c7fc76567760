/**
 * The header of a safetensors file, version 0 (https://github.com/huggingface/safetensors#format):
 * eight bytes with the length of a JSON text, then the text; the tensors' bytes follow. Header and
 * tensors are apart, so that a file of any size can be written and read in pieces. A file may come
 * from anyone, so everything that the header claims is checked before it is used.
 */
export const elementTypes = {
  F64: Float64Array,
  F32: Float32Array,
  // As their bits, because not every Node has half-precision numbers.
  F16: Uint16Array,
  BF16: Uint16Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
} as const;

export type SafetensorsDtype = keyof typeof elementTypes;

export interface TensorType {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
}

/** Where a tensor lies: in bytes, counted from the end of the header; `end` exclusive. */
export interface TensorSpan extends TensorType {
  readonly name: string;
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of the header. Together they cover the bytes behind it, each once. */
  readonly tensors: readonly TensorSpan[];
  /** The free texts beside the tensors. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** The bytes are no safetensors file, or one that must not be trusted. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
  readonly code = 'SAFETENSORS';

  constructor(problem: string, options?: ErrorOptions) {
    super(`Cannot read safetensors: ${problem}`, options);
  }
}

/** The bytes that say how long the header is. */
export const lengthBytes = 8;
/** The limit of the reference implementation: a longer header is an attack or no header at all. */
const maxHeaderBytes = 100_000_000;
export const metadataKey = '__metadata__';

/**
 * The bytes in front of the tensors, padded to eight, so that files of aligned tensors can be
 * mapped, and where each tensor lies behind them: in the order given, without gaps.
 */
export function encodeHeader(
  tensors: Iterable<readonly [name: string, type: TensorType]>,
  metadata: Readonly<Record<string, string>> = {},
): { readonly bytes: Uint8Array; readonly tensors: readonly TensorSpan[] } {
  const header: [name: string, entry: unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push([metadataKey, metadata]);
  const spans: TensorSpan[] = [];
  for (const [name, { dtype, shape }] of tensors) {
    if (name === metadataKey) throw new SafetensorsError(`a tensor must not be named "${name}"`);
    const begin = spans.at(-1)?.end ?? 0;
    const end = begin + bytesOf({ dtype, shape });
    spans.push({ name, dtype, shape, begin, end });
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  // The format pads the header with spaces.
  const bytes = new Uint8Array(lengthBytes + Math.ceil(text.length / 8) * 8).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(bytes.length - lengthBytes), true);
  bytes.set(text, lengthBytes);
  return { bytes, tensors: spans };
}

/**
 * How many bytes the header of a file has, those of its length included.
 *
 * @param start the file's first eight bytes, or all that it has
 * @throws SafetensorsError
 */
export function headerLength(start: Uint8Array, fileBytes: number): number {
  if (start.length < lengthBytes) {
    throw new SafetensorsError(`${start.length} bytes: a file has at least ${lengthBytes}`);
  }
  const view = new DataView(start.buffer, start.byteOffset, lengthBytes);
  const claimed = view.getBigUint64(0, true);
  const most = Math.min(maxHeaderBytes, fileBytes - lengthBytes);
  if (claimed > BigInt(most)) {
    throw new SafetensorsError(`a header of ${claimed} bytes: at most ${most} fit`);
  }
  return lengthBytes + Number(claimed);
}

/**
 * @param bytes the header, those of its length included
 * @throws SafetensorsError if anything is not as the format demands.
 */
export function decodeHeader(bytes: Uint8Array, fileBytes: number): SafetensorsHeader {
  const header = parseJson(bytes.subarray(lengthBytes));
  if (!isRecord(header)) throw new SafetensorsError('the header is not a JSON object');
  const bodyBytes = fileBytes - bytes.length;
  const tensors = Object.entries(header)
    .filter(([name]) => name !== metadataKey)
    .map(([name, value]) => readClaim(name, value, bodyBytes));
  checkCoverage(tensors, bodyBytes);
  const metadata = header[metadataKey];
  return { tensors, metadata: metadata === undefined ? {} : readMetadata(metadata) };
}

/** Of all elements; no number where a shape overflows. */
export const bytesOf = ({ dtype, shape }: TensorType): number =>
  shape.reduce((total, extent) => total * extent, elementTypes[dtype].BYTES_PER_ELEMENT);

function parseJson(text: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text));
  } catch (cause) {
    throw new SafetensorsError('the header is not JSON', { cause });
  }
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isRecord(value) || Object.values(value).some((entry) => typeof entry !== 'string')) {
    throw new SafetensorsError(`"${metadataKey}" must map names to strings`);
  }
  return value as Record<string, string>;
}

function readClaim(name: string, value: unknown, bodyBytes: number): TensorSpan {
  const fail = (problem: string): never => {
    throw new SafetensorsError(`tensor "${name}": ${problem}`);
  };
  if (!isRecord(value)) return fail('its entry is not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    return fail(`type ${JSON.stringify(dtype)}: one of ${Object.keys(elementTypes)} is known`);
  }
  if (!isSizes(shape)) return fail(`shape ${JSON.stringify(shape)}: sizes must be integers >= 0`);
  if (!isSizes(offsets) || offsets.length !== 2) {
    return fail(`data_offsets ${JSON.stringify(offsets)}: must be [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end || end > bodyBytes) {
    return fail(`bytes [${begin}, ${end}): must lie within the ${bodyBytes} that follow`);
  }
  const needed = bytesOf({ dtype, shape });
  if (needed !== end - begin) {
    return fail(`${end - begin} bytes: ${dtype} [${shape}] has ${needed}`);
  }
  return { name, dtype, shape, begin, end };
}

/** Tensors must cover the bytes once and wholly: no overlap, no hidden content. */
function checkCoverage(spans: readonly TensorSpan[], bodyBytes: number): void {
  let covered = 0;
  for (const { name, begin, end } of inFileOrder(spans)) {
    if (begin !== covered) {
      throw new SafetensorsError(`tensor "${name}" begins at ${begin}: must begin at ${covered}`);
    }
    covered = end;
  }
  if (covered !== bodyBytes) {
    throw new SafetensorsError(`tensors end at byte ${covered}: the file at ${bodyBytes}`);
  }
}

/** As a reader meets them that goes through the file once. */
export const inFileOrder = (spans: readonly TensorSpan[]): TensorSpan[] =>
  [...spans].sort((a, b) => a.begin - b.begin || a.end - b.end);

const isDtype = (value: unknown): value is SafetensorsDtype =>
  typeof value === 'string' && Object.hasOwn(elementTypes, value);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
