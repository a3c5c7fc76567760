/** The newest checkpoint that a worker can offer: every byte is checked, once. */
import type { FoundCheckpoint } from '../../../shared/messages/report-fields.js';
import { CheckpointError } from '../../checkpoint/checkpoint-error.js';
import type { CheckpointExpectation } from '../../checkpoint/checkpoint-folder.js';
import { newestFirst } from '../../checkpoint/newest-checkpoint.js';
import { verifyCheckpoint } from '../../checkpoint/verify-checkpoint.js';

export interface CheckpointSearch {
  /** Where the run's checkpoints are. */
  readonly location: string;
  /** One checkpoint, `newest`, or null. */
  readonly resume: string | null;
  readonly expected: CheckpointExpectation;
  /** Of the run so far: what lies beyond them was trained unheard. Null where it has not begun. */
  readonly recordedSteps: number | null;
  readonly notice: (text: string) => void;
}

export class CheckpointFinder {
  /** Steps of those whose bytes were checked, by path. */
  readonly #checked = new Map<string, number>();
  /** That were said to be passed over. */
  readonly #passedOver = new Set<string>();

  /**
   * What the run has written itself counts; before it has trained, the one that it is to resume from.
   *
   * @throws CheckpointError where that one cannot be used; StorageError, StoreRefusedError
   */
  async find(search: CheckpointSearch): Promise<FoundCheckpoint | null> {
    const { location, recordedSteps, resume } = search;
    const wanted = resume === 'newest' ? null : resume;
    if (wanted !== null && recordedSteps === null) return this.#check(wanted, search.expected);
    for (const path of await newestFirst(location)) {
      const found = await this.#checkOrTell(path, search);
      if (found === null) continue;
      if (found.committedSteps <= (recordedSteps ?? found.committedSteps)) return found;
      this.#tellPassedOver(found, recordedSteps ?? 0, search);
    }
    return wanted === null ? null : this.#check(wanted, search.expected);
  }

  async #checkOrTell(
    path: string,
    { expected, notice }: CheckpointSearch,
  ): Promise<FoundCheckpoint | null> {
    try {
      return await this.#check(path, expected);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      notice(error.message);
      return null;
    }
  }

  /** Of members that were asked to end while nobody led: what they wrote last is nobody's loss but time. */
  #tellPassedOver(
    { committedSteps, path }: FoundCheckpoint,
    recordedSteps: number,
    { notice }: CheckpointSearch,
  ): void {
    if (this.#passedOver.has(path)) return;
    this.#passedOver.add(path);
    notice(
      `${path} is not gone on from: it has ${committedSteps} committed steps, of which the run's log ` +
        `holds ${recordedSteps}: the steps behind them were recorded by nobody, and are trained again`,
    );
  }

  async #check(path: string, expected: CheckpointExpectation): Promise<FoundCheckpoint> {
    const known = this.#checked.get(path);
    if (known !== undefined) return { path, committedSteps: known };
    const { committedSteps } = await verifyCheckpoint(path, expected);
    this.#checked.set(path, committedSteps);
    return { path, committedSteps };
  }
}
