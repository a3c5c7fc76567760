/**
 * Looks at the structure of msgpack bytes before they are decoded. A decoder allocates what a
 * length field claims; this walk proves first that the bytes behind every claim exist, that
 * nothing nests too deeply, and that no extension type (which could name code) is used.
 */

/** Bytes from the network that cannot be a message. `reason` is a stable word for a counter. */
export class MalformedMessageError extends Error {
  override readonly name = 'MalformedMessageError';
  readonly code = 'MALFORMED_MESSAGE';
  readonly reason: string;
  constructor(reason: string, detail: string, options?: ErrorOptions) {
    super(`Cannot read a message: ${detail}`, options);
    this.reason = reason;
  }
}

const malformed = (detail: string): MalformedMessageError =>
  new MalformedMessageError('structure', detail);

/** What follows a type byte: `size` bytes of data, then `values` values. */
interface Claim {
  readonly size: number;
  readonly values: number;
}

const nothing: Claim = { size: 0, values: 0 };
const data = (size: number): Claim => ({ size, values: 0 });

/** Fixed sizes of 0xca..0xd3: float 32, float 64, unsigned 8..64, signed 8..64. */
const scalarSizes = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

function claimOf(view: DataView, at: number): Claim {
  const type = view.getUint8(at);
  const length = (bytes: 1 | 2 | 4): number => {
    if (at + 1 + bytes > view.byteLength) throw malformed('it ends inside a length');
    if (bytes === 1) return view.getUint8(at + 1);
    return bytes === 2 ? view.getUint16(at + 1) : view.getUint32(at + 1);
  };
  if (type <= 0x7f || type >= 0xe0) return nothing;
  if (type <= 0x8f) return { size: 0, values: 2 * (type & 0x0f) };
  if (type <= 0x9f) return { size: 0, values: type & 0x0f };
  if (type <= 0xbf) return data(type & 0x1f);
  if (type === 0xc0 || type === 0xc2 || type === 0xc3) return nothing;
  if (type === 0xc4 || type === 0xd9) return data(1 + length(1));
  if (type === 0xc5 || type === 0xda) return data(2 + length(2));
  if (type === 0xc6 || type === 0xdb) return data(4 + length(4));
  if (type >= 0xca && type <= 0xd3) return data(scalarSizes[type - 0xca] as number);
  if (type === 0xdc) return { size: 2, values: length(2) };
  if (type === 0xdd) return { size: 4, values: length(4) };
  if (type === 0xde) return { size: 2, values: 2 * length(2) };
  if (type === 0xdf) return { size: 4, values: 2 * length(4) };
  throw malformed(`type byte 0x${type.toString(16)} is not allowed`);
}

/**
 * Accepts exactly one msgpack value that fills `bytes`.
 *
 * @throws MalformedMessageError
 */
export function checkMsgpack(bytes: Uint8Array, maxDepth: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  /** Values still owed to each open container. */
  const owed = [1];
  let at = 0;
  while (owed.length > 0) {
    const rest = owed.pop() as number;
    if (rest === 0) continue;
    owed.push(rest - 1);
    if (at >= view.byteLength) throw malformed('it ends before its last value');
    const { size, values } = claimOf(view, at);
    at += 1 + size;
    // Every value takes a byte at least, so a larger claim is a lie.
    if (at + values > view.byteLength) throw malformed('a length goes past its end');
    if (values > 0) owed.push(values);
    if (owed.length > maxDepth) throw malformed(`it nests deeper than ${maxDepth}`);
  }
  if (at !== view.byteLength) throw malformed(`${view.byteLength - at} bytes follow its end`);
}
