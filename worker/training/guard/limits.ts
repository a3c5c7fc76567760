/** What the guard counts as a signal, with the reason for each value. */

/**
 * Rows of the step's item matrix whose cosines count: half a million pairs, whose mean is known to about
 * a thousandth. Every member computes it in every step, 65,536 products at a width of 64.
 */
export const cosineRows = 1024;
