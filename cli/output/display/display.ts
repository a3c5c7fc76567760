/** Where a run shows itself. Which kind of display there is: open-display.ts. */
import type { ShownEvent } from '../../../shared/history/shown-event.js';

export interface Display {
  /** A sentence that stays on the screen. */
  note(text: string): void;
  /** `line` is the same for machines; null where they hear of it otherwise. */
  event(event: ShownEvent, line: object | null): void;
  /** The last thing that a run says: `result` is one JSON object, `text` the same for people. */
  result(result: object, text: string): void;
  /** An error, for people; `json` for machines. */
  failure(text: string, json: object): void;
}

export interface DisplayParts {
  readonly json: boolean;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
  /** In which whoever reads it is: paths below it are shown from there. */
  readonly folder: string;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}
