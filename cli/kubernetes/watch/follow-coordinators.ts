/**
 * The lines of a training job's coordinators: the history of its run as it comes into being. One is
 * followed at a time; where it ends, the next one is.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../../../k8s/api/api-error.js';
import type { HistoryLine, ProgressLine } from '../../../shared/history/history-line.js';
import { readLine } from '../../../shared/history/line-events.js';
import { byAge, hasBegun, podsOf } from '../cluster/job-pods.js';
import type { Cluster } from '../cluster/open-cluster.js';
import { NewLines } from './new-lines.js';

const lookAgainAfter = 1000;

/**
 * Goes on until `signal`. A log that cannot be read now is read later: whoever watches sees by the job's
 * status whether anything is wrong.
 */
export async function followCoordinators(
  cluster: Cluster,
  job: string,
  onLine: (line: HistoryLine | ProgressLine) => void,
  signal: AbortSignal,
): Promise<void> {
  const news = new NewLines();
  const ended = new Set<string>();
  while (!signal.aborted) {
    try {
      const pods = (await podsOf(cluster, job, 'coordinator')).filter(hasBegun).sort(byAge);
      const next = pods.find(({ metadata }) => !ended.has(metadata.uid ?? ''));
      if (next !== undefined) {
        const pod = next.metadata.name;
        const query = { follow: 'true', container: 'coordinator' };
        for await (const text of cluster.api.logLines({ ...cluster, pod, query, signal })) {
          const line = readLine(text);
          if (line !== null && news.take(line)) onLine(line);
        }
        ended.add(next.metadata.uid ?? '');
        continue;
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
    }
    await sleep(lookAgainAfter, undefined, { signal }).catch(() => undefined);
  }
}
