/** Times of a leadership; docs/elastic.md lists them. */
import { type Millis, millis } from '../../shared/units.js';

/** How often a leader renews its claim: four times within the lease, so that a lost answer costs nothing. */
export const renewInterval: Millis = millis(500);

/**
 * A leader that has not renewed for so long must not act, and a standby that has seen no renewal for
 * so long takes over. The store decides who is right; this only keeps both from trying at once.
 */
export const leaderLease: Millis = millis(2000);

/** How often a standby looks at the claim. */
export const claimWatchInterval: Millis = millis(250);
