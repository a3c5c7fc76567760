/** Times of the membership, each with its reason; docs/elastic.md lists them. */
import { type Millis, millis } from '../../shared/units.js';

/**
 * A worker that says nothing for so long is gone: four statuses. What really ends is noticed at once
 * by its closed sockets; this is for frozen processes and cut cables.
 */
export const silenceTimeout: Millis = millis(2000);

/**
 * Whoever is asked because a peer lost it has so long to answer: a main thread runs no native code.
 * A living one that answers later has lost its links anyway, and stands by again a moment later.
 */
export const pingTimeout: Millis = millis(150);

/**
 * Whoever stands by waits so long for those that are seen to prepare: each change costs the members a
 * step's border, so joiners that are started together come in together.
 */
export const gatheringTime: Millis = millis(1000);

/** And so long where nobody is seen to: words of processes that open at the same moment come in turns. */
export const joinDelay: Millis = millis(250);

/** A run that begins waits so long for `replicas` once it has `min`. */
export const firstPatience: Millis = millis(10_000);

/**
 * The same while workers are seen that still prepare: large datasets and engines take their time,
 * and a change of members right after the start would only cost everyone a border.
 */
export const preparingPatience: Millis = millis(60_000);

/** A run that lost everyone goes on with fewer sooner: those that are started again come one by one. */
export const lostPatience: Millis = millis(2000);

/** Beyond the longest recent step, in which no kernel can be left: a member must have stopped by then. */
export const pauseTimeout: Millis = millis(10_000);

/**
 * Reports are said again every second: those that have not come by then were recorded before the run
 * went back to an older state, and nobody will say them again.
 */
export const reportsTimeout: Millis = millis(10_000);

/** A member that copies and has got nothing for so long is stuck. */
export const copyTimeout: Millis = millis(10_000);

/** Time to find or to load a checkpoint, or to make the first weights; a large model's file takes minutes. */
export const loadTimeout: Millis = millis(180_000);

/** Time to link with all peers when everyone has the state. */
export const linkTimeout: Millis = millis(15_000);

/** Links that break twice within so long will break a third time: somebody is left out. */
export const breakMemory: Millis = millis(10_000);

/**
 * How long somebody is left out. Much less costs a change each time; much more wastes a mended host. Each
 * time that follows without its having trained between is twice as long.
 */
export const leaveOutTime: Millis = millis(20_000);

/** And no longer than this: a firewall that was mended is noticed. */
export const leaveOutMost: Millis = millis(600_000);

/** Lanes are dealt anew only where it would gain more than this share of a step. */
export const dealGain = 0.15;

/** Speeds of less than some steps are noise, and each dealing costs a border. */
export const dealInterval: Millis = millis(60_000);
