/**
 * One membership as it stands in the key-value store, where it changes by compare-and-set only. What
 * lives for a generation is made from this and dropped with it.
 */
import { z } from 'zod';
import { generation, type Rank, rank, type WorkerId, workerId } from '../ids.js';
import { generationBytes, membersMax } from '../limits.js';
import { position } from './position.js';

const worker = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,128}$/)
  .transform(workerId);
const count = z.int().min(0);

/** `host:port` of a worker's links. */
export const linksAddress = z.string().regex(/^[^\s]{1,253}:\d{1,5}$/);

/** Random, of one process: a worker that is started again is another member. */
export const incarnation = z.string().regex(/^[0-9a-f]{16}$/);

const member = z.strictObject({
  worker,
  incarnation,
  address: linksAddress,
  /** Lanes that it owns: a contiguous run, behind those of the ranks before it. */
  lanes: count,
});

/** Where the members of a generation go on from. */
const start = z.discriminatedUnion('kind', [
  /** Nobody has anything: each makes the weights that the job begins with. */
  z.strictObject({ kind: z.literal('seed') }),
  /** Nobody holds a state: the holders load their checkpoint, the others copy from them. */
  z.strictObject({
    kind: z.literal('checkpoint'),
    committedSteps: count,
    holders: z.array(worker).min(1).max(membersMax),
  }),
  /** Whoever is behind copies from a holder. */
  z.strictObject({
    kind: z.literal('state'),
    position,
    holders: z.array(worker).min(1).max(membersMax),
  }),
]);

export const generationRecord = z.strictObject({
  generation: count.transform(generation),
  /** Of the leader that wrote it. */
  fence: count,
  /** The members of the generation before leave it at a step's end, and abort nothing. */
  planned: z.boolean(),
  /** Why it was formed, for people. */
  reason: z.string().max(512),
  /** By rank. */
  members: z.array(member).max(membersMax),
  /**
   * Who writes checkpoints. Where there are no members, whoever of those that have left writes down what
   * they hold; null where nobody does.
   */
  writer: worker.nullable(),
  /** Null while the members' positions are not known, or while there are too few of them. */
  start: start.nullable(),
});

export type GenerationRecord = Readonly<z.infer<typeof generationRecord>>;
export type GenerationMember = Readonly<z.infer<typeof member>>;
export type GenerationStart = Readonly<z.infer<typeof start>>;

/** The rank of a process in a generation; null for a stranger, and for one of another incarnation. */
export function rankIn(
  { members }: GenerationRecord,
  process: { readonly worker: WorkerId; readonly incarnation: string },
): Rank | null {
  const index = members.findIndex(
    (known) => known.worker === process.worker && known.incarnation === process.incarnation,
  );
  return index < 0 ? null : rank(index);
}

export const encodeGeneration = (record: GenerationRecord): Uint8Array =>
  new TextEncoder().encode(JSON.stringify(record));

/** Null for bytes that are no record of this version. */
export function decodeGeneration(data: Uint8Array): GenerationRecord | null {
  if (data.byteLength > generationBytes) return null;
  try {
    return generationRecord.parse(JSON.parse(new TextDecoder().decode(data)));
  } catch {
    return null;
  }
}
