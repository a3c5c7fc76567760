/** What a member did of a step, and what went over its links: told beside what is the same on every member. */
import { z } from 'zod';
import { linkPeersMax, membersMax } from '../limits.js';
import { count, seconds } from './report-fields.js';

/** Of its own lanes. */
export const ownWork = z.strictObject({
  itemTokens: count,
  /** Useful operations, from shapes: a step of a large cluster has more than 2^53. */
  flops: z.number().min(0),
});

const peerTraffic = z.strictObject({
  rank: z.int().min(0).max(membersMax),
  sentBytes: count,
  /** While a frame of it had begun to come, and was not there yet. */
  receiveSeconds: seconds,
  /** While an exchange lacked something of it. */
  waitSeconds: seconds,
});

/** Of one member in one generation. */
export const linksTold = z.strictObject({
  /** That all of it is of. */
  seconds,
  /** To and from all peers, headers included. */
  sentBytes: count,
  receivedBytes: count,
  /** By rank; of a larger generation those that were waited for longest. */
  peers: z.array(peerTraffic).max(linkPeersMax),
});

export type OwnWork = Readonly<z.infer<typeof ownWork>>;
export type LinksTold = Readonly<z.infer<typeof linksTold>>;
export type PeerTraffic = Readonly<z.infer<typeof peerTraffic>>;
