import { openStageProgress } from '../output/display/stage-progress.js';

export interface Stages {
  /** @param fraction of the stage, in [0, 1] */
  progress(stage: string, fraction: number): void;
  /** What the user should know. */
  note(text: string): void;
}

/**
 * Runs work that shows its stages and has something to say: to people on standard error, to machines
 * as lines of `progress`.
 */
export async function withStages<Result>(
  json: boolean,
  work: (stages: Stages) => Promise<Result>,
): Promise<Result> {
  const output = json ? process.stdout : process.stderr;
  const progress = openStageProgress(output, json, () => performance.now());
  try {
    return await work({
      progress: (stage, fraction) => progress.update({ stage, fraction }),
      note: (text) => process.stderr.write(`${text}\n`),
    });
  } finally {
    progress.end();
  }
}
