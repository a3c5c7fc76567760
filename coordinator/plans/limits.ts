/** Times of the publication of plans. */
import { type Millis, millis } from '../../shared/units.js';

/**
 * After an answer that did not come over a connection that stands, the same is asked again so much
 * later: long enough for a server that is busy, short beside the request's own deadline.
 */
export const planRetryInterval: Millis = millis(500);

/**
 * Where steps are long, no more than these seconds of them are published ahead: longer than it takes until
 * another coordinator leads, and what a pause waits for. Two steps are, however long they take.
 */
export const planLeadTime: Millis = millis(15_000);
export const planLeadLeast = 2;
