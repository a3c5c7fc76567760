import type { WorkerId } from '../shared/ids.js';
import { type Millis, millis } from '../shared/units.js';

export type Liveness =
  | { readonly kind: 'alive' }
  | { readonly kind: 'silent'; readonly worker: WorkerId; readonly silentFor: Millis };

/** The member that has been silent longest, if any was so for `timeout`. */
export function findSilent(
  now: Millis,
  heartbeats: ReadonlyMap<WorkerId, Millis>,
  timeout: Millis,
): Liveness {
  let silent: Liveness = { kind: 'alive' };
  for (const [worker, at] of heartbeats) {
    const silentFor = millis(now - at);
    if (silentFor < timeout) continue;
    if (silent.kind === 'alive' || silentFor > silent.silentFor) {
      silent = { kind: 'silent', worker, silentFor };
    }
  }
  return silent;
}
