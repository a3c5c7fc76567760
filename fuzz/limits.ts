/**
 * Milliseconds of a thread's own time for one input of `inputMax` bytes. Most readers take less than one.
 */
export const readLimit = 400;

/** No message, header or line that is tried needs more to show what is wrong with its reader. */
export const inputMax = 64 * 1024;

/** Memory that an input may be worth: a byte of msgpack may stand for an empty map. */
export const roomOf = (inputBytes: number): number => 2 * 2 ** 20 + 96 * inputBytes;

/** Time that the thread which tries inputs computes at one, after which that one counts as endless. */
export const silenceLimit = 20_000;

/** Heap of that thread: what a reader builds out of 64 KiB is far below it. */
export const heapMebibytes = 512;

/** Tries to make a failing input shorter. */
export const minimiseTries = 2000;
