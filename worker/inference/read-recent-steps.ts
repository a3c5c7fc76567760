/** The last steps that lie beside a run's checkpoints, for whoever writes its history on. */
import { recentStepsFile } from '../../shared/history/history-line.js';
import { openCheckpointStore } from '../checkpoint/store/open-checkpoint-store.js';

/**
 * As lines of a history; null where there are none.
 *
 * @param checkpoints a folder, or `s3://bucket/prefix`
 */
export const readRecentSteps = (checkpoints: string): Promise<string | null> =>
  openCheckpointStore(checkpoints).readText(recentStepsFile);
