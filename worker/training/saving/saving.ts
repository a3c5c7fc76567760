/**
 * The checkpoints of the member that writes them. The writer, its memory and what it is writing live
 * for the run: what was begun in a generation is finished after it.
 */
import { systemClock } from '../../../shared/clock.js';
import type { startCheckpointWriter } from '../../checkpoint/checkpoint-writer.js';
import { openCheckpointStore } from '../../checkpoint/store/open-checkpoint-store.js';
import { mayPublishBy } from '../../checkpoint/store/publication-permit.js';
import type { CheckpointIdentity } from '../../checkpoint/write-checkpoint.js';
import { stateBytes } from '../../state/training-state.js';
import type { Held } from '../held/held.js';
import type { Fact } from '../messages.js';
import type { TrainingContext } from '../stages/training-context.js';
import { Checkpoints } from './checkpoints.js';

export interface SavingParts {
  readonly context: TrainingContext;
  readonly startWriter: typeof startCheckpointWriter;
  /** Called when a checkpoint fails, not when the next one is due. */
  readonly onFailed: (error: Error) => void;
}

export class Saving {
  readonly #parts: SavingParts;
  #checkpoints: Checkpoints | null = null;
  /** Writers that are done with but for what they are writing. */
  #retiring: Promise<unknown> = Promise.resolve();
  /** Whose layout the writer's memory has. */
  #stage: number | null = null;

  constructor(parts: SavingParts) {
    this.#parts = parts;
  }

  /** Makes the writer of the stage: what is wrong with the folder is said before the first step. */
  async open(held: Held): Promise<void> {
    const { context, startWriter } = this.#parts;
    const { checkpointDirectory: location, job, publication } = context.start;
    const { model, stage } = held.current;
    if (this.#stage === stage.index) return;
    await this.retire();
    await openCheckpointStore(location).prepare(stateBytes(model.layout));
    this.#stage = stage.index;
    this.#checkpoints = new Checkpoints({
      writer: startWriter(location, model.layout, publication),
      location,
      mayPublish: mayPublishBy(publication),
      keep: job.spec.checkpoint.keep,
      begun: this.#identityOf(held),
      clock: systemClock,
      onFailed: this.#parts.onFailed,
    });
  }

  /** Copies the state and starts to write it. @param tell hears when it is written */
  async start(held: Held, tell: (fact: Fact) => void): Promise<void> {
    await held.recent.write();
    const onWritten = (committedSteps: number, path: string, seconds: number): void => {
      const known = held.checkpoint?.committedSteps ?? -1;
      if (committedSteps >= known) held.checkpoint = { committedSteps, path };
      tell({ kind: 'checkpointed', committedSteps, path, seconds });
    };
    await this.#checkpoints?.start(this.#identityOf(held), held.current.state, onWritten);
  }

  /** A checkpoint of at least so many committed steps is on its way to the disk. */
  isWriting(committedSteps: number): boolean {
    return (this.#checkpoints?.writing ?? -1) >= committedSteps;
  }

  /**
   * Also of a writer that this member was before: whoever rolls back may need what it is writing.
   *
   * @throws whatever kept the last checkpoint from being written.
   */
  async settle(): Promise<void> {
    await this.#retiring;
    await this.#checkpoints?.settle();
  }

  /** Gives back the writer's memory, once what it is writing is written. */
  retire(): Promise<void> {
    const checkpoints = this.#checkpoints;
    this.#checkpoints = null;
    this.#stage = null;
    const retired = (async () => {
      await checkpoints?.settle();
      await checkpoints?.close();
    })();
    // Whoever asked for it hears of a failure.
    this.#retiring = Promise.all([this.#retiring, retired.catch(() => undefined)]);
    return retired;
  }

  async close(): Promise<void> {
    await this.#checkpoints?.close();
  }

  /** Of a checkpoint of the committed steps. */
  #identityOf({ committedSteps, current }: Held): CheckpointIdentity {
    const { guard, validation } = current;
    return {
      committedSteps,
      ...this.#parts.context.digests,
      best: validation.best ?? undefined,
      guard: guard.state ?? undefined,
    };
  }
}
