/** Writes what was decided about the members: a generation, and later its start. */
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Form, Start } from '../../membership/membership-decision.js';
import type { Leadership } from './leadership.js';
import { generationEntry } from './run-entries.js';
import type { TrainingLookout } from './training-lookout.js';

export class GenerationFormer {
  readonly #run: Leadership;
  readonly #lookout: TrainingLookout;

  constructor(run: Leadership, lookout: TrainingLookout) {
    this.#run = run;
    this.#lookout = lookout;
  }

  /** Writes a generation, and says it. */
  async form(decision: Form): Promise<void> {
    const { fence, parts } = this.#run.given;
    const record = { ...decision.record, fence };
    const decidedAt = this.#run.now;
    if (!(await this.#write(record))) return;
    this.#run.memory.formed(this.#run.now, decision, record);
    if (!record.planned) this.#lookout.unsettle();
    this.#run.append(generationEntry(record, null, null));
    if (this.#run.ahead.hasTrained) {
      const { cause, workers, since } = decision;
      this.#run.watch.recovery.decided(decidedAt, {
        cause,
        workers,
        // Whoever stands changes at a step's end, as in a plan.
        planned: record.planned || (this.#run.stands && cause !== 'lost' && cause !== 'link'),
        since,
        aborts: !record.planned && !this.#run.stands,
      });
    }
    const { generation, members, planned, reason } = record;
    parts.log.info(
      { generation, planned, members: members.map(({ worker }) => worker), reason },
      'generation formed',
    );
    parts.metrics.generation.set(generation);
    this.#run.voice.changed();
    this.#run.voice.tick(this.#run.now);
  }

  /** Whether the record stands in the store now. */
  async #write(record: GenerationRecord): Promise<boolean> {
    const written = await this.#run.records.write(record);
    // The run may have ended while it was being written: nothing stands behind the end.
    if (this.#run.isClosed || this.#run.hasEnded) return false;
    if (written.kind === 'deposed')
      this.#run.given.onDeposed('a newer leader has written a generation');
    // An answer was lost, and something else has been decided since: it goes on from what is there. A
    // start that nobody was told of, and that the log does not know, is chosen again.
    if (written.kind === 'other' && written.record.start === null)
      this.#run.memory.found(this.#run.now, written.record);
    return written.kind === 'written';
  }

  /** Gives a generation its start, where everything before it stands in the log. */
  async start({ record: proposed, position, resumedFrom }: Start): Promise<void> {
    const { fence, parts, prepared } = this.#run.given;
    const { totalSteps } = prepared;
    if (proposed.start?.kind === 'seed' && parts.checkpointRequired) {
      const wish = totalSteps === null ? 'evaluate' : 'resume';
      const where = parts.description.checkpoints ?? 'no worker';
      this.#run.fail(
        'CHECKPOINT_MISSING',
        `Cannot ${wish}: ${where} has no usable checkpoint`,
        null,
      );
      return;
    }
    if (totalSteps !== null && position.committedSteps > totalSteps) {
      const message =
        `Cannot resume: ${resumedFrom ?? 'a member'} has ${position.committedSteps} committed ` +
        `steps: spec.duration ends at ${totalSteps}: it may grow, not shrink`;
      this.#run.fail('DURATION_PASSED', message, null);
      return;
    }
    // What the members go on from must stand in the log before anyone goes on from it.
    const isOurs = proposed.start?.kind === 'state' || this.#run.ahead.hasTrained;
    if (isOurs && !this.#run.steps.recordUpTo(position.committedSteps)) return;
    if (!this.#run.writer.isFlushed) return;
    const record = { ...proposed, fence };
    if (!(await this.#write(record))) return;
    this.#begin(record, position, resumedFrom);
  }

  #begin(record: GenerationRecord, position: Start['position'], resumedFrom: string | null): void {
    const { log, metrics } = this.#run.given.parts;
    if (position.committedSteps !== this.#run.ahead.recordedSteps) {
      this.#run.plans.restart(position.committedSteps);
      this.#run.steps.rewound(position.committedSteps);
    }
    this.#run.memory.started(this.#run.now, record);
    this.#run.append(generationEntry(record, position, resumedFrom));
    this.#run.watch.recovery.started(this.#run.now);
    this.#lookout.unsettle();
    metrics.train(record.members);
    const { generation, start } = record;
    log.info({ generation, start, resumedFrom }, 'generation starts');
    this.#run.voice.changed();
    this.#run.voice.tick(this.#run.now);
  }
}
