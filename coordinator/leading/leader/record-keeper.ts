/** The newest generation in the store, changed by compare-and-set only. */
import { isDeepStrictEqual } from 'node:util';
import { BusAwayError, type BusValues } from '../../../shared/bus.js';
import {
  decodeGeneration,
  encodeGeneration,
  type GenerationRecord,
} from '../../../shared/membership/generation-record.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { generationKey } from '../../../shared/subjects.js';

export type Written =
  | { readonly kind: 'written' }
  /** The bus is away: whether it was written is asked before anything else is. */
  | { readonly kind: 'unknown' }
  /** Of this very leader, whose answer was lost. */
  | { readonly kind: 'other'; readonly record: GenerationRecord }
  | { readonly kind: 'deposed' };

export class RecordKeeper {
  readonly #values: BusValues;
  readonly #key: string;
  readonly #fence: number;
  #revision = 0;

  constructor(values: BusValues, run: RunAddress, fence: number) {
    this.#values = values;
    this.#key = generationKey(run);
    this.#fence = fence;
  }

  /**
   * Writes what is there again with the own fence: from then on every write of an older leader is
   * refused, since it expects another revision. Null where a newer leader has been here.
   */
  async takeOver(): Promise<{ readonly record: GenerationRecord | null } | null> {
    for (;;) {
      const found = await this.#values.get(this.#key);
      this.#revision = found?.revision ?? 0;
      const old = found === null ? null : decodeGeneration(found.data);
      if (old === null) return { record: null };
      if (old.fence > this.#fence) return null;
      const record = { ...old, fence: this.#fence };
      const revision = await this.#values.put(this.#key, encodeGeneration(record), this.#revision);
      if (revision === null) continue;
      this.#revision = revision;
      return { record };
    }
  }

  async write(record: GenerationRecord): Promise<Written> {
    try {
      const data = encodeGeneration(record);
      const revision = await this.#values.put(this.#key, data, this.#revision);
      if (revision !== null) {
        this.#revision = revision;
        return { kind: 'written' };
      }
      return await this.#whoWrote(data);
    } catch (error) {
      if (error instanceof BusAwayError) return { kind: 'unknown' };
      throw error;
    }
  }

  /** Someone was faster: this process itself, where an answer was lost, or another leader. */
  async #whoWrote(data: Uint8Array): Promise<Written> {
    const found = await this.#values.get(this.#key);
    const there = found === null ? null : decodeGeneration(found.data);
    const isOurs = there !== null && isDeepStrictEqual(there, decodeGeneration(data));
    if (there !== null && there.fence > this.#fence) return { kind: 'deposed' };
    // Behind what a stranger removed or spoilt, and what an answer was lost of, it is written again.
    this.#revision = found?.revision ?? 0;
    if (isOurs) return { kind: 'written' };
    return there?.fence === this.#fence ? { kind: 'other', record: there } : { kind: 'unknown' };
  }
}
