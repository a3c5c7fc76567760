import type { ShownEvent, ShownStep } from '../../../shared/history/shown-event.js';
import { progressText, RateMeter } from './progress-line.js';

/** What all displays know about the run. */
export class RunState {
  #meter = new RateMeter();
  totalSteps = 0;
  last: ShownStep | null = null;

  take(event: ShownEvent, now: number): void {
    if (event.kind === 'started') this.totalSteps = event.totalSteps;
    if (event.kind !== 'committed') return;
    // Steps of another stage take another time.
    if (this.last?.stage !== event.report.stage) this.#meter = new RateMeter();
    this.last = event.report;
    this.#meter.add(now / 1000, event.report);
  }

  get text(): string {
    if (this.last === null) return '';
    const { step, stage, loss, measures } = this.last;
    return progressText({
      committedSteps: step + 1,
      totalSteps: this.totalSteps,
      stage,
      loss,
      liveNegatives: measures.live_negatives,
      classificationLoss:
        measures.generative_loss === undefined ? undefined : measures.classification_loss,
      rate: this.#meter.rate,
    });
  }
}
