/** What can grow or wait while a state is copied, with the reason for its value. */
import { type Bytes, bytes, type Millis, mebibytes, millis } from '../../../shared/units.js';

/**
 * Bytes of one range: digests of it take some milliseconds of the links thread, which is as long as a
 * peer may wait, and a state of a hundred gigabytes has an index of a few megabytes.
 */
export const rangeBytes: Bytes = mebibytes(4);

/** The digests of four hundred gigabytes, and a header. */
export const indexBytes: Bytes = mebibytes(16);

/** A training state has three sections, and a few more with what objectives may keep. */
export const sectionsMax = 64;

/** Characters of a section's name. */
export const sectionNameLength = 128;

/** Bytes of the reason why a holder gives nothing. */
export const reasonBytes: Bytes = bytes(4096);

/** Copies that a holder gives at a time; whoever comes later is asked to come again. */
export const copiersMax = 16;

/**
 * How long a copier may keep its place without a request: it makes room and compares what it holds, some
 * minutes for the largest states. One whose machine has vanished never says so.
 */
export const copierIdle: Millis = millis(600_000);

/** Requests of one copier that wait: it asks for the next range while one is on its way, and no more. */
export const requestsWaiting = 4;

/** Ranges that a copier has asked for and that are not there: one travels while one is verified. */
export const rangesAhead = 2;

/** How long a holder may be silent that owes an answer: it has at most two ranges to read. */
export const holderSilence: Millis = millis(10_000);

/** A holder that has to make its digests first says so after this, and is asked again. */
export const indexWait: Millis = millis(2000);
