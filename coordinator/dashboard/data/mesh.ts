/**
 * The mesh of workers: what goes over each link, from the newest lines of phases that tell it. A slow network
 * and a slow worker look alike to whoever waits; here they differ: what comes over a slow link takes long, a slow
 * worker is lacked by all others although what it sends comes fast.
 */
import type { PhasesLine } from './api.js';

export interface MeshMember {
  readonly worker: string;
  /** Null where no line has told it. */
  readonly host: string | null;
  /** Bytes a second, to and from all peers. */
  readonly sent: number;
  readonly received: number;
  /** Whose part was lacked longest, and for what share of the time; null where nobody was waited for. */
  readonly lacked: { readonly peer: string; readonly share: number } | null;
}

/** One direction of a link. */
export interface MeshLink {
  readonly from: string;
  readonly to: string;
  /** Bytes a second, over all of the time. */
  readonly flow: number;
  /** Bytes a second while something was coming; null where all of it came at once. */
  readonly rate: number | null;
  /** The same, or what it is at least. */
  readonly rateAtLeast: number;
  /** Share of the time in which something was coming. */
  readonly busy: number;
  /** Share of the time in which `to` lacked something of `from`. */
  readonly lacked: number;
}

export interface Mesh {
  readonly generation: number;
  /** Of the line that told it. */
  readonly time: string;
  /** That the numbers are of. */
  readonly seconds: number;
  /** By rank. */
  readonly members: readonly MeshMember[];
  /** By ranks of from and to; null where the cluster is too large for all pairs to be told. */
  readonly links: readonly (readonly (MeshLink | null)[])[] | null;
  readonly verdict: { readonly text: string; readonly isSlow: boolean };
}

type TellingMember = PhasesLine['members'][number];
type Links = NonNullable<TellingMember['links']>;

/** Null where the members of the newest generation have told nothing of their links yet. */
export function meshOf(lines: readonly PhasesLine[]): Mesh | null {
  const generation = lines.at(-1)?.generation;
  const line = lines.findLast(
    (one) => one.generation === generation && one.members.some(({ links }) => links !== undefined),
  );
  if (line === undefined) return null;
  const { members, time } = line;
  const seconds = Math.max(...members.map(({ links }) => links?.seconds ?? 0));
  const areAllPairs = members.every(
    ({ links }) => links === undefined || links.peers.ranks.length === members.length - 1,
  );
  const links = areAllPairs ? linksOf(members) : null;
  return {
    ...{ generation: line.generation, time, seconds },
    members: members.map((member) => shownMember(member, members)),
    links,
    verdict: links === null ? verdictOfMany(members) : verdictOfLinks(links.flat()),
  };
}

const perSecond = (amount: number, { seconds }: Links): number =>
  seconds > 0 ? amount / seconds : 0;

function shownMember(
  { worker, host: told, links }: TellingMember,
  members: readonly TellingMember[],
): MeshMember {
  const host = told ?? null;
  if (links === undefined) return { worker, host, sent: 0, received: 0, lacked: null };
  const longest = Math.max(0, ...links.peers.wait_seconds);
  const peer = members[links.peers.ranks[links.peers.wait_seconds.indexOf(longest)] ?? -1]?.worker;
  return {
    ...{ worker, host },
    sent: perSecond(links.sent_bytes, links),
    received: perSecond(links.received_bytes, links),
    lacked: peer === undefined ? null : { peer, share: shareOf(longest, links) },
  };
}

const shareOf = (seconds: number, links: Links): number => Math.min(1, perSecond(seconds, links));

function linksOf(members: readonly TellingMember[]): (MeshLink | null)[][] {
  return members.map((from, rank) =>
    members.map((to, peer) => (peer === rank ? null : linkOf({ from, rank }, { to, peer }))),
  );
}

/** Shorter than a timer tells: it came at once. */
const leastSeconds = 0.005;

function linkOf(
  { from, rank }: { readonly from: TellingMember; readonly rank: number },
  { to, peer }: { readonly to: TellingMember; readonly peer: number },
): MeshLink | null {
  const { links } = from;
  const at = links?.peers.ranks.indexOf(peer) ?? -1;
  if (links === undefined || at < 0) return null;
  const bytes = links.peers.sent_bytes[at] ?? 0;
  const back = to.links?.peers.ranks.indexOf(rank) ?? -1;
  const coming = to.links?.peers.receive_seconds[back] ?? 0;
  const lacking = to.links?.peers.wait_seconds[back] ?? 0;
  return {
    ...{ from: from.worker, to: to.worker },
    flow: perSecond(bytes, links),
    rate: coming < leastSeconds ? null : bytes / coming,
    rateAtLeast: bytes / Math.max(coming, leastSeconds),
    busy: to.links === undefined ? 0 : shareOf(coming, to.links),
    lacked: to.links === undefined ? 0 : shareOf(lacking, to.links),
  };
}

/** A link is slow that takes so many times as long as the middle one, is busy, and is waited for. */
const slowFactor = 4;
const slowLacked = 0.1;
/** Of little that comes the times are those of a scheduler. */
const slowBusy = 0.05;

function verdictOfLinks(all: readonly (MeshLink | null)[]): Mesh['verdict'] {
  const links = all.filter((link) => link !== null).sort((a, b) => a.rateAtLeast - b.rateAtLeast);
  const middle = links[Math.floor(links.length / 2)]?.rateAtLeast ?? 0;
  const slow = links.find(
    ({ busy, lacked, rateAtLeast }) =>
      lacked >= slowLacked && busy >= slowBusy && rateAtLeast * slowFactor < middle,
  );
  if (slow === undefined) {
    return { text: 'No link is much slower than the others.', isSlow: false };
  }
  const text =
    `what ${slow.from} sends to ${slow.to} comes at ${bytesPerSecond(slow.rateAtLeast)}, over the middle link ` +
    `at ${bytesPerSecond(middle)} or more: ${slow.to} lacks something of it ${percent(slow.lacked)} of the time`;
  return { text, isSlow: true };
}

/** Of a large cluster: whom most of the members name first. */
function verdictOfMany(members: readonly TellingMember[]): Mesh['verdict'] {
  const named = new Map<string, number>();
  for (const member of members) {
    const { lacked } = shownMember(member, members);
    if (lacked !== null && lacked.share >= slowLacked) {
      named.set(lacked.peer, (named.get(lacked.peer) ?? 0) + 1);
    }
  }
  const [first] = [...named].sort((a, b) => b[1] - a[1]);
  if (first === undefined || first[1] * 2 < members.length - 1) {
    return { text: 'Nobody is lacked by most of the others.', isSlow: false };
  }
  return { text: `${first[0]} is lacked longest by ${first[1]} of the others`, isSlow: true };
}

const units = ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s'] as const;

/** In decimal units, as networks are sold. */
export function bytesPerSecond(value: number | null): string {
  if (value === null) return '–';
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3));
  const scaled = value / 1000 ** power;
  return `${scaled.toFixed(scaled >= 100 || power === 0 ? 0 : 1)} ${units[power]}`;
}

export const percent = (share: number): string =>
  share > 0 && share < 0.01 ? '<1 %' : `${Math.round(share * 100)} %`;
