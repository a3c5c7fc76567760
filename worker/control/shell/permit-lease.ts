/** Lets this process publish for as long as its generation is known to be the newest. */
import { type Millis, millis } from '../../../shared/units.js';
import {
  type PublicationPermit,
  permittedUntil,
  type Readings,
} from '../../checkpoint/store/publication-permit.js';

/**
 * From a moment before the leader spoke: a worker that says nothing for 2 s may be replaced, and the
 * next writer needs a moment more to begin.
 */
export const permitLease: Millis = millis(2500);

export class PermitLease {
  readonly #permit: PublicationPermit;
  readonly #read: () => Readings;
  /** When the word before the newest came: the newest was said after it. */
  #before: Readings | null = null;
  #newest: Readings | null = null;

  constructor(permit: PublicationPermit, read: () => Readings) {
    this.#permit = permit;
    this.#read = read;
  }

  /** A leader's word has come. */
  heard(): void {
    this.#before = this.#newest;
    this.#newest = this.#read();
  }

  /** The newest word confirms the generation. */
  renew(): void {
    const since = this.#before ?? this.#newest;
    if (since !== null) this.#permit.grant(permittedUntil(since, permitLease));
  }

  /** Nobody else holds the state, as far as is known: what is written of it is what anyone would write. */
  forLast(long: Millis): void {
    this.#permit.grant(permittedUntil(this.#read(), long));
  }

  withdraw(): void {
    this.#before = null;
    this.#newest = null;
    this.#permit.withdraw();
  }
}
