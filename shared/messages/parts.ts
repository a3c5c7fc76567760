/**
 * A message longer than the server's payload limit travels in numbered parts. Every part carries the
 * length and the SHA-256 of the whole, so a joined message is the one that was sent or is refused.
 *
 * Part: magic "LSP1", part u32, parts u32, bytes of the whole u32, SHA-256 of the whole (32), data.
 * All numbers are little-endian.
 */
import { createHash } from 'node:crypto';
import { lanePlanBytes, partialPlans } from '../limits.js';
import { MalformedMessageError } from './guard.js';

const magic = 0x3150534c;
const digestAt = 16;
const digestLength = 32;
const headerLength = digestAt + digestLength;

const refused = (detail: string): MalformedMessageError =>
  new MalformedMessageError('part', `a part ${detail}`);

/**
 * Reason of a refusal that tells of two senders: what was collected of a message and what comes now
 * cannot both be from one. Whoever waits for the message may wait for ever.
 */
export const conflictReason = 'conflict';

const conflicting = (detail: string): MalformedMessageError =>
  new MalformedMessageError(conflictReason, `a part ${detail}`);

/** In hexadecimal. */
export const sha256 = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('hex');

const hexadecimal = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);

/**
 * Cuts a message into equal parts (the last may be shorter) of at most `maxPart` bytes each.
 *
 * @param digest SHA-256 of the message in hexadecimal, where it is known.
 */
export function splitMessage(
  message: Uint8Array,
  maxPart: number,
  digest: string = sha256(message),
): Uint8Array[] {
  const room = maxPart - headerLength;
  if (room < 1)
    throw new RangeError(`Cannot split a message: parts of ${maxPart} bytes hold nothing`);
  const digestBytes = Buffer.from(digest, 'hex');
  const count = Math.max(1, Math.ceil(message.byteLength / room));
  return Array.from({ length: count }, (_, index) => {
    const data = message.subarray(index * room, (index + 1) * room);
    const part = new Uint8Array(headerLength + data.byteLength);
    const view = new DataView(part.buffer);
    view.setUint32(0, magic, true);
    view.setUint32(4, index, true);
    view.setUint32(8, count, true);
    view.setUint32(12, message.byteLength, true);
    part.set(digestBytes, digestAt);
    part.set(data, headerLength);
    return part;
  });
}

interface Part {
  readonly index: number;
  readonly count: number;
  readonly total: number;
  /** In hexadecimal. */
  readonly digest: string;
  readonly data: Uint8Array;
}

function readPart(bytes: Uint8Array): Part {
  if (bytes.byteLength < headerLength) throw refused(`of ${bytes.byteLength} bytes is too short`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [index, count, total] = [
    view.getUint32(4, true),
    view.getUint32(8, true),
    view.getUint32(12, true),
  ];
  if (view.getUint32(0, true) !== magic) throw refused('has the wrong magic number');
  if (index >= count) throw refused(`is number ${index} of ${count}`);
  if (total > lanePlanBytes) throw refused(`belongs to ${total} bytes: at most ${lanePlanBytes}`);
  const data = bytes.subarray(headerLength);
  // An empty message is one empty part; otherwise no part is empty, so their number is bounded.
  if (count > Math.max(1, total)) throw refused(`is one of ${count} for ${total} bytes`);
  if (data.byteLength > total) throw refused('is longer than the whole');
  if (count === 1 && data.byteLength !== total)
    throw refused('is not the whole that it claims to be');
  return { index, count, total, digest: hexadecimal(bytes.subarray(digestAt, headerLength)), data };
}

interface Assembly {
  readonly count: number;
  readonly total: number;
  readonly digest: string;
  readonly parts: Map<number, Uint8Array>;
}

/** A whole message, and its verified digest. */
export interface JoinedMessage {
  readonly bytes: Uint8Array;
  /** In hexadecimal. */
  readonly sha256: string;
}

/** Puts parts together again, in any order, for many messages at a time. */
export class PartJoiner {
  readonly #assemblies = new Map<string, Assembly>();

  /**
   * Takes one part of the message called `key`; returns the message when it is whole.
   *
   * @throws MalformedMessageError for a part that fits nothing; what was collected before stays,
   *   except where all parts are there and their digest is wrong.
   */
  add(key: string, bytes: Uint8Array): JoinedMessage | null {
    const part = readPart(bytes);
    const assembly = this.#assemblyOf(key, part);
    const known = assembly.parts.get(part.index);
    if (known !== undefined && !sameBytes(known, part.data)) {
      throw conflicting(`${part.index} differs from the one that came before`);
    }
    assembly.parts.set(part.index, part.data.slice());
    if (assembly.parts.size < assembly.count) return null;
    this.#assemblies.delete(key);
    return joined(assembly);
  }

  /** Forgets unfinished messages, such as those of steps that are over. */
  forget(isOver: (key: string) => boolean): void {
    for (const key of this.#assemblies.keys()) if (isOver(key)) this.#assemblies.delete(key);
  }

  get unfinished(): number {
    return this.#assemblies.size;
  }

  #assemblyOf(key: string, { count, total, digest }: Part): Assembly {
    const known = this.#assemblies.get(key);
    if (known === undefined) {
      if (this.#assemblies.size >= partialPlans) {
        throw refused(`is one too many: ${partialPlans} messages are unfinished`);
      }
      const assembly = { count, total, digest, parts: new Map() };
      this.#assemblies.set(key, assembly);
      return assembly;
    }
    if (known.count !== count || known.total !== total || known.digest !== digest) {
      throw conflicting('belongs to another message than the parts before it');
    }
    return known;
  }
}

function joined({ count, total, digest, parts }: Assembly): JoinedMessage {
  const sum = [...parts.values()].reduce((bytes, part) => bytes + part.byteLength, 0);
  if (sum !== total) throw conflicting(`set has ${sum} bytes, not ${total}`);
  const message = new Uint8Array(total);
  let at = 0;
  for (let index = 0; index < count; index++) {
    const part = parts.get(index) as Uint8Array;
    message.set(part, at);
    at += part.byteLength;
  }
  if (sha256(message) !== digest) throw conflicting('set does not have the digest it announces');
  return { bytes: message, sha256: digest };
}
