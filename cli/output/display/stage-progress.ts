/** Shows how far long work is: redrawn on a terminal, a line per stage elsewhere. */

/** A screen that is redrawn more often cannot be read. */
const redrawMs = 100;

export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface StageEvent {
  /** What is being done, in a few words. */
  readonly stage: string;
  /** Of the stage, in [0, 1]. */
  readonly fraction: number;
}

export interface StageProgress {
  update(event: StageEvent): void;
  /** Leaves the cursor at the start of a fresh line. */
  end(): void;
}

/** @param now reads a monotonic clock in milliseconds */
export function openStageProgress(
  output: ProgressOutput,
  json: boolean,
  now: () => number,
): StageProgress {
  let stage: string | null = null;
  let drawnAt = Number.NEGATIVE_INFINITY;
  const redraws = output.isTTY === true && !json;
  const line = (event: StageEvent): string =>
    json
      ? JSON.stringify({ kind: 'progress', time: new Date().toISOString(), ...event })
      : event.stage;
  return {
    update: (event) => {
      const isNew = event.stage !== stage;
      if (!isNew && (!redraws || (now() - drawnAt < redrawMs && event.fraction < 1))) return;
      if (!redraws) output.write(`${line(event)}\n`);
      else {
        if (isNew && stage !== null) output.write('\n');
        const percent = `${Math.floor(event.fraction * 100)}`.padStart(3);
        output.write(`\r\x1b[K${event.stage.padEnd(20)} ${percent} %`);
      }
      stage = event.stage;
      drawnAt = now();
    },
    end: () => {
      if (redraws && stage !== null) output.write('\n');
    },
  };
}
