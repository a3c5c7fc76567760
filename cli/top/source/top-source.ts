/** Where a run is watched from. */
import type { ShownEvent } from '../../../shared/history/shown-event.js';

export interface Watcher {
  /** @param time ISO 8601, of when it happened */
  onEvent(event: ShownEvent, time: string): void;
  /** How the run ended; it may go on all the same. */
  onEnd(text: string, time: string): void;
  /** All that was told is of a run that is no more: another one begins. */
  onAnew(): void;
}

export interface TopSource {
  /** What the view is of, for its first line. */
  readonly title: string;
  /** Tells what there is now. */
  readOnce(watcher: Watcher): Promise<void>;
  /** Goes on until `signal`; ends before only by an error. */
  follow(watcher: Watcher, signal: AbortSignal): Promise<void>;
}
