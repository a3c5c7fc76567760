/**
 * The safetensors format, version 0 (https://github.com/huggingface/safetensors#format): eight
 * bytes with the length of a JSON header, the header, then the tensors' little-endian bytes.
 * A file may come from anyone, so everything that the header claims is checked before it is used.
 */
const elementTypes = {
  F64: Float64Array,
  F32: Float32Array,
  I64: BigInt64Array,
  I32: Int32Array,
  I16: Int16Array,
  I8: Int8Array,
  U32: Uint32Array,
  U16: Uint16Array,
  U8: Uint8Array,
} as const;

export type SafetensorsDtype = keyof typeof elementTypes;

export type SafetensorsData<Dtype extends SafetensorsDtype = SafetensorsDtype> = InstanceType<
  (typeof elementTypes)[Dtype]
>;

export interface SafetensorsTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** Row-major; of the array type that belongs to `dtype`. */
  readonly data: SafetensorsData;
}

/** The bytes are no safetensors file, or one that must not be trusted. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
  readonly code = 'SAFETENSORS';

  constructor(problem: string, options?: ErrorOptions) {
    super(`Cannot read safetensors: ${problem}`, options);
  }
}

/** The limit of the reference implementation: a longer header is an attack or no header at all. */
const maxHeaderBytes = 100_000_000;
const metadataKey = '__metadata__';

/**
 * Tensors by name, in the order of the header. Data is copied, so it is aligned and independent of
 * `bytes`.
 *
 * @throws SafetensorsError if anything is not as the format demands.
 */
export function decodeSafetensors(bytes: Uint8Array): Map<string, SafetensorsTensor> {
  const { header, dataStart } = readHeader(bytes);
  const body = bytes.subarray(dataStart);
  const tensors = new Map<string, SafetensorsTensor>();
  const spans: Span[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === metadataKey) continue;
    const claim = readClaim(name, value, body.length);
    spans.push({ name, ...claim });
    tensors.set(name, {
      dtype: claim.dtype,
      shape: claim.shape,
      data: elements(claim.dtype, body.subarray(claim.begin, claim.end)),
    });
  }
  checkCoverage(spans, body.length);
  return tensors;
}

/**
 * The free texts beside the tensors; empty where there are none.
 *
 * @throws SafetensorsError if the header is not as the format demands.
 */
export function decodeSafetensorsMetadata(bytes: Uint8Array): Record<string, string> {
  const { header } = readHeader(bytes);
  return header[metadataKey] === undefined ? {} : readMetadata(header[metadataKey]);
}

/**
 * The bytes of a file. Tensors are laid out in the order of the map, after a header padded to eight
 * bytes, so that files of aligned tensors can be mapped.
 *
 * @throws SafetensorsError if a shape does not fit its data.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const header: [name: string, entry: unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push([metadataKey, metadata]);
  let end = 0;
  for (const [name, { dtype, shape, data }] of tensors) {
    if (name === metadataKey) throw new SafetensorsError(`a tensor must not be named "${name}"`);
    if (!(data instanceof elementTypes[dtype]) || product(shape) !== data.length) {
      throw new SafetensorsError(
        `tensor "${name}" is ${dtype} [${shape}] with ${data.length} elements of ` +
          `${data.constructor.name}: shape, type and data must agree`,
      );
    }
    const begin = end;
    end += data.byteLength;
    header.push([name, { dtype, shape, data_offsets: [begin, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const dataStart = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(dataStart + end);
  // The format pads the header with spaces.
  bytes.fill(0x20, 8 + text.length, dataStart);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  bytes.set(text, 8);
  let at = dataStart;
  for (const { data } of tensors.values()) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

function readHeader(bytes: Uint8Array): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < 8) {
    throw new SafetensorsError(`${bytes.length} bytes: a file has at least 8`);
  }
  const claimed = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  const most = Math.min(maxHeaderBytes, bytes.length - 8);
  if (claimed > BigInt(most)) {
    throw new SafetensorsError(`a header of ${claimed} bytes: at most ${most} fit`);
  }
  const dataStart = 8 + Number(claimed);
  const header = parseJson(bytes.subarray(8, dataStart));
  if (!isRecord(header)) throw new SafetensorsError('the header is not a JSON object');
  return { header, dataStart };
}

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

interface Claim {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

interface Span extends Claim {
  readonly name: string;
}

function readClaim(name: string, value: unknown, bodyBytes: number): Claim {
  const fail = (problem: string): never => {
    throw new SafetensorsError(`tensor "${name}": ${problem}`);
  };
  if (!isRecord(value)) return fail('its entry is not an object');
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== 'string' || !Object.hasOwn(elementTypes, dtype)) {
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
  const width = elementTypes[dtype as SafetensorsDtype].BYTES_PER_ELEMENT;
  if (product(shape) * width !== end - begin) {
    return fail(`${end - begin} bytes: ${dtype} [${shape}] has ${product(shape) * width}`);
  }
  return { dtype: dtype as SafetensorsDtype, shape, begin, end };
}

/** Tensors must cover the bytes once and wholly: no overlap, no hidden content. */
function checkCoverage(spans: readonly Span[], bodyBytes: number): void {
  const sorted = [...spans].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let covered = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== covered) {
      throw new SafetensorsError(`tensor "${name}" begins at ${begin}: must begin at ${covered}`);
    }
    covered = end;
  }
  if (covered !== bodyBytes) {
    throw new SafetensorsError(`tensors end at byte ${covered}: the file at ${bodyBytes}`);
  }
}

/** Copied into a buffer of its own, which is aligned for every element type. */
function elements(dtype: SafetensorsDtype, bytes: Uint8Array): SafetensorsData {
  return new elementTypes[dtype](new Uint8Array(bytes).buffer);
}

const product = (shape: readonly number[]): number =>
  shape.reduce((total, extent) => total * extent, 1);

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
