/** What the leader of a run says to everyone: what is, again and again. */
import { z } from 'zod';
import { membersMax, publishedFilesMax } from '../../limits.js';
import { generationRecord, incarnation } from '../../membership/generation-record.js';
import { publishedFile } from '../published-file.js';
import { count, digest, text } from '../report-fields.js';
import { decodeMessage, encodeMessage } from './message-codec.js';

const fromLeader = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('lead'),
    /** Grows with every new leader of the run: what has a smaller one is the word of a deposed one. */
    fence: count,
    /** The leader's process, for people. */
    coordinator: z.string().max(256),
    /** Steps that stand in the run's log. */
    recordedSteps: count,
    /** Committed steps of the newest checkpoint in the run's log; null before the first. */
    checkpointSteps: count.nullable(),
    /** A generation has begun: of checkpoints, only those of recorded steps belong to the run now. */
    hasTrained: z.boolean(),
    /** The newest one; null before the first. */
    generation: generationRecord.nullable(),
    /** Finish the step, write a checkpoint, end. */
    stopping: z.boolean(),
    /** No further plan is published for now. */
    paused: z.boolean(),
    /** Whoever writes checkpoints writes one of at least so many steps; null where nobody asks for it. */
    checkpointWish: count.nullable(),
    /** These processes hand over and end. */
    draining: z.array(z.strictObject({ worker: z.string().max(128), incarnation })).max(membersMax),
    /** What the run came to: go home. */
    over: z
      .strictObject({ kind: z.enum(['finished', 'stopped', 'failed']), reason: text })
      .nullable(),
    /** Up to which number the reports of each worker are recorded. */
    heard: z
      .array(z.strictObject({ worker: z.string().max(128), incarnation, number: count }))
      .max(membersMax),
    /** Whoever hears a new one says its status at once. */
    ping: count,
  }),
  z.strictObject({
    kind: z.literal('files-published'),
    digest,
    files: z.array(publishedFile).min(1).max(publishedFilesMax),
  }),
]);

export type LeaderMessage = z.infer<typeof fromLeader>;
export type Lead = Extract<LeaderMessage, { kind: 'lead' }>;

export const encodeLeaderMessage = (message: LeaderMessage): Uint8Array => encodeMessage(message);

/** @throws MalformedMessageError */
export const decodeLeaderMessage = (bytes: Uint8Array): LeaderMessage =>
  decodeMessage(fromLeader, bytes);
