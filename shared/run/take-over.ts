/**
 * Whether something that carries an owner's name may be taken from it. Nobody's clock is compared with
 * another's: an owner of whom nothing else is known is watched for a lease, and must renew meanwhile.
 */
import type { Millis } from '../units.js';
import type { Liveness } from './owner.js';

export interface OwnerWatch {
  readonly liveness: Liveness;
  /** How long this owner has been watched, by the clock of whoever watches. */
  readonly watchedFor: Millis;
  /** Whether it has renewed since the watch began. */
  readonly renewed: boolean;
}

export type TakeOver =
  | { readonly kind: 'refuse'; readonly reason: string }
  | { readonly kind: 'take-over'; readonly reason: string }
  /** Nothing is known yet: look again. */
  | { readonly kind: 'wait' };

export function decideTakeOver(watch: OwnerWatch, lease: Millis): TakeOver {
  const { liveness, watchedFor, renewed } = watch;
  if (liveness === 'alive') return { kind: 'refuse', reason: 'its process runs' };
  if (liveness === 'dead') return { kind: 'take-over', reason: 'its process is gone' };
  if (renewed) return { kind: 'refuse', reason: 'it gives signs of life' };
  if (watchedFor < lease) return { kind: 'wait' };
  return { kind: 'take-over', reason: `it has given no sign of life for ${watchedFor} ms` };
}
