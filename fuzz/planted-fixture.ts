/** Readers with the faults that the fuzzer is for, each behind a field that few inputs have. */
import type { Target } from './target.js';

class Refused extends Error {
  override readonly name = 'Refused';
}

/** Reads a length and then as many bytes, as most formats do somewhere. */
function reader(name: string, fault: (length: number, bytes: Uint8Array) => unknown): Target {
  return {
    name,
    seeds: [Uint8Array.of(0, 0, 0, 2, 7, 9)],
    read(bytes) {
      if (bytes.length < 4) throw new Refused('too short');
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
      return fault(length, bytes.subarray(4));
    },
    isRefusal: (error) => error instanceof Refused,
  };
}

function exact(length: number, bytes: Uint8Array): Uint8Array {
  if (length !== bytes.length) throw new Refused('another length');
  return bytes;
}

const withLength = (bytes: Uint8Array): Uint8Array =>
  Uint8Array.of(0, 0, 0, bytes.length, ...bytes);

export const targets = (): readonly Target[] => [
  { ...reader('right', exact), write: (value) => withLength(value as Uint8Array) },
  reader('trusting', (length, bytes) => {
    const memory = new Uint8Array(Math.min(length, 2 ** 26));
    memory.set(bytes.subarray(0, length));
    return exact(length, bytes);
  }),
  reader('throwing', (length, bytes) => {
    if (length > bytes.length) throw new RangeError('beyond the end');
    return exact(length, bytes);
  }),
  {
    ...reader('forgetful', exact),
    write: (value) => withLength((value as Uint8Array).filter((byte) => byte !== 8)),
  },
  reader('endless', (length, bytes) => {
    while (length === 2 ** 32 - 1);
    return exact(length, bytes);
  }),
  reader('hoarding', (length, bytes) => {
    const held: unknown[] = [];
    while (length === 2 ** 31) held.push([held.length]);
    return exact(length, bytes);
  }),
];
