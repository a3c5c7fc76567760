/** Reads an event file as TensorBoard does: checks each sum, and forgets what is gone over again. */
import { maskedCrc32c } from './crc32c.js';

export interface ReadPoint {
  readonly tag: string;
  /** 32 bits. */
  readonly value: number;
  readonly step: number;
  /** Since 1970. */
  readonly seconds: number;
}

/** Field number -> its values, in their order: numbers, or bytes. */
type Fields = Map<number, (number | Buffer)[]>;

/** Those that it shows, in the order of the file. */
export function readEvents(file: Buffer): ReadPoint[] {
  let points: ReadPoint[] = [];
  for (const data of recordsOf(file)) {
    const event = fieldsOf(data);
    const [seconds, step = 0] = [Number(event.get(1)?.[0]), Number(event.get(2)?.[0] ?? 0)];
    if (event.has(7)) points = points.filter((point) => point.step < step);
    for (const summary of event.get(5) ?? []) {
      for (const entry of fieldsOf(summary as Buffer).get(1) ?? []) {
        const value = fieldsOf(entry as Buffer);
        points.push({
          ...{ tag: String(value.get(1)?.[0]), value: Number(value.get(2)?.[0]) },
          ...{ step, seconds },
        });
      }
    }
  }
  return points;
}

function* recordsOf(file: Buffer): Iterable<Buffer> {
  for (let at = 0; at < file.length; ) {
    const length = Number(file.readBigUInt64LE(at));
    const data = file.subarray(at + 12, at + 12 + length);
    const isWhole =
      file.readUInt32LE(at + 8) === maskedCrc32c(file.subarray(at, at + 8)) &&
      file.readUInt32LE(at + 12 + length) === maskedCrc32c(data);
    if (!isWhole) throw new Error(`the record at byte ${at} is damaged`);
    yield data;
    at += length + 16;
  }
}

function fieldsOf(message: Buffer): Fields {
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = message.readUInt8(at++);
      value += (byte % 0x80) * scale;
      if (byte < 0x80) return value;
    }
  };
  const bytes = (length: number): Buffer => {
    at += length;
    return message.subarray(at - length, at);
  };
  /** By wire type. */
  const readers: Record<number, () => number | Buffer> = {
    0: varint,
    1: () => bytes(8).readDoubleLE(),
    2: () => bytes(varint()),
    5: () => bytes(4).readFloatLE(),
  };
  while (at < message.length) {
    const key = varint();
    const read = readers[key % 8];
    if (read === undefined) throw new Error(`there is no wire type ${key % 8}`);
    const field = Math.floor(key / 8);
    fields.set(field, [...(fields.get(field) ?? []), read()]);
  }
  return fields;
}
