import { type Bytes, type Millis, mebibytes, millis } from '../../shared/units.js';

/**
 * Bytes of a part of a large object. S3 takes 5 MiB to 5 GiB and 10,000 parts: these make objects of up to
 * 156 GiB, more than a vector of `vectorFloatsMax`, in two parts of memory.
 */
export const partBytes: Bytes = mebibytes(16);

/**
 * Tries of one request where nobody says otherwise. The pauses between them grow from a tenth of a second
 * to 13 and are drawn at random below that: half a minute at most, in which a store may be started again.
 * Training goes on meanwhile.
 */
export const requestAttempts = 9;

/** More tries than this wait for minutes where a store is gone for good. */
export const requestAttemptsMax = 20;

/** A server of one's own answers in milliseconds; one far away, or one that wakes up, in a second. */
export const connectTimeout: Millis = millis(10_000);

/** For a part to travel and to be stored: 16 MiB take two minutes at a megabit a second. */
export const answerTimeout: Millis = millis(180_000);

/** Silence in the middle of an answer, after which its connection counts as broken. */
export const silenceTimeout: Millis = millis(30_000);

/** Connections that break in a row, without a byte between them, before a read is given up. */
export const readFailuresMax = 5;

/** Before the next try of a read that broke. */
export const backOff = (failures: number): Millis => millis(Math.min(5000, 100 * 2 ** failures));

/** Objects of one listing: a checkpoint has three, and a run keeps some tens of checkpoints. */
export const listedMax = 100_000;
