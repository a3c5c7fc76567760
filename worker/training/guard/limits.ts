/** What the guard counts as a signal, with the reason for each value. */

/**
 * Rows of the step's item matrix whose cosines count: half a million pairs, whose mean is known to about
 * a thousandth. Every member computes it in every step, 65,536 products at a width of 64.
 */
export const cosineRows = 1024;

/** Steps whose mean is the run's own start: during the warm-up the first ones hardly differ. */
export const startSteps = 8;

/** Steps over which the items' cosine is smoothed: half of it is younger than three steps. */
export const cosineSmoothing = 4;

/**
 * Share of the live negatives of the start below which too many are gone. A mask by cosine that works
 * leaves out single items of a catalogue; one that feeds on itself has been seen to halve them in 30 steps.
 */
export const fewNegatives = 0.8;

/**
 * Share of all negatives below which the mask decides the loss, and no longer the model: where half are
 * gone, whatever moves embeddings together lowers the loss.
 */
export const hardlyNegatives = 0.5;

/** Share of ln(1 + negatives), the loss of a guess, below which a loss counts as nearly zero. */
export const emptyLoss = 0.02;

/**
 * Mean cosine above which items look the same. At a temperature of 0.07 the logits of two items then
 * differ by at most ln(1.15): a prediction can hardly prefer one.
 */
export const alikeCosine = 0.99;

/**
 * Embeddings of texts that share their greater part start alike, and learn to differ. So only what has
 * been this far below can have moved together.
 */
export const apartCosine = 0.95;

/** Norms whose median is the usual one, and the fewest of which there is a median. */
export const normWindow = 32;
export const normsNeeded = 16;

/** A norm so many times the usual one is no spread of batches: those of healthy runs differ by tens. */
export const explodingNorm = 100;

/** Steps with a signal, less those without, before a warning: a batch or two of a kind are no news. */
export const warnAfter = 3;

/**
 * The same before a collapse is certain. Embeddings that start alike have come apart within ten steps, and no
 * run in which a signal had lasted for longer has recovered.
 */
export const certainAfter = 15;

/** The same where the loss is nearly zero as well: no gradient is left that could lead out. */
export const emptyAfter = 10;

/**
 * The same for items that look the same: in its first steps a training that goes well may push them together
 * before it tells them apart, and nothing is lost by waiting.
 */
export const alikeAfter = 30;

/** The same at a bound of the temperature, which some batches push there for a while. */
export const clampedAfter = 50;

/** Steps without a signal before the next one is news, and a checkpoint behind which nothing came is healthy. */
export const quietAfter = 20;
