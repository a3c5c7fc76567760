/** Whole safetensors files in memory: for small ones. Their format is told in the header's file. */
import {
  bytesOf,
  decodeHeader,
  elementTypes,
  encodeHeader,
  headerLength,
  type SafetensorsDtype,
  SafetensorsError,
  type TensorType,
} from './safetensors-header.js';

export type SafetensorsData<Dtype extends SafetensorsDtype = SafetensorsDtype> = InstanceType<
  (typeof elementTypes)[Dtype]
>;

export interface SafetensorsTensor extends TensorType {
  /** Row-major; of the array type that belongs to `dtype`. */
  readonly data: SafetensorsData;
}

/**
 * Tensors by name, in the order of the header. Data is copied, so it is aligned and independent of
 * `bytes`.
 *
 * @throws SafetensorsError if anything is not as the format demands.
 */
export function decodeSafetensors(bytes: Uint8Array): Map<string, SafetensorsTensor> {
  const dataStart = headerLength(bytes, bytes.length);
  const { tensors } = decodeHeader(bytes.subarray(0, dataStart), bytes.length);
  const body = bytes.subarray(dataStart);
  return new Map(
    tensors.map(({ name, dtype, shape, begin, end }) => [
      name,
      { dtype, shape, data: elements(dtype, body.subarray(begin, end)) },
    ]),
  );
}

/**
 * The free texts beside the tensors; empty where there are none.
 *
 * @throws SafetensorsError if the header is not as the format demands.
 */
export function decodeSafetensorsMetadata(bytes: Uint8Array): Readonly<Record<string, string>> {
  const header = bytes.subarray(0, headerLength(bytes, bytes.length));
  return decodeHeader(header, bytes.length).metadata;
}

/**
 * The bytes of a file. Tensors are laid out in the order of the map.
 *
 * @throws SafetensorsError if a shape does not fit its data.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, SafetensorsTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  for (const [name, { dtype, shape, data }] of tensors) {
    if (!(data instanceof elementTypes[dtype]) || bytesOf({ dtype, shape }) !== data.byteLength) {
      throw new SafetensorsError(
        `tensor "${name}" is ${dtype} [${shape}] with ${data.length} elements of ` +
          `${data.constructor.name}: shape, type and data must agree`,
      );
    }
  }
  const header = encodeHeader(tensors, metadata);
  const dataStart = header.bytes.length;
  const bytes = new Uint8Array(dataStart + (header.tensors.at(-1)?.end ?? 0));
  bytes.set(header.bytes);
  for (const { name, begin } of header.tensors) {
    const { data } = tensors.get(name) as SafetensorsTensor;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataStart + begin);
  }
  return bytes;
}

/** Copied into a buffer of its own, which is aligned for every element type. */
function elements(dtype: SafetensorsDtype, bytes: Uint8Array): SafetensorsData {
  return new elementTypes[dtype](new Uint8Array(bytes).buffer);
}
