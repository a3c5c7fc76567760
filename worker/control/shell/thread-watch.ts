/** Watches what the training thread computes: a kernel that hangs has a name, and is told once. */

import { type Millis, millis } from '../../../shared/units.js';
import type { BusyThread } from './worker-parts.js';

/** The longest kernels of a large model on a CPU take seconds. */
export const busyNoticeAfter: Millis = millis(60_000);

export class ThreadWatch {
  #told: string | null = null;

  /** What is to be told now; null where nothing is. */
  look(busy: BusyThread | null): string | null {
    if (busy === null || busy.millis < busyNoticeAfter) {
      this.#told = null;
      return null;
    }
    const what = busy.kernel ?? busy.phase ?? 'something unknown';
    if (this.#told === what) return null;
    this.#told = what;
    return `its training thread has been in "${what}" for ${Math.round(busy.millis / 1000)} s`;
  }
}
