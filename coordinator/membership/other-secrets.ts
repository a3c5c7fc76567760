/**
 * Workers that could never be linked with the others, because they read another secret. Taken in, one
 * of them would cost the members their links, and look like a broken network.
 */
import type { WorkerId } from '../../shared/ids.js';
import type { ClusterView, SeenWorker } from './cluster-view.js';
import { seenMember } from './judge-members.js';

/** What stands in a status for the secret; null where there is none. */
const markOf = ({ status }: SeenWorker): string | null => status.secret ?? null;

/** Those of `candidates` whose secret is not the members', or without members not what most have. */
export function otherSecrets(
  view: ClusterView,
  candidates: readonly SeenWorker[],
): ReadonlySet<WorkerId> {
  const member = (view.record?.members ?? [])
    .map((one) => seenMember(view, one))
    .find((seen) => seen !== null);
  const mark = member === undefined ? mostCommon(candidates.map(markOf)) : markOf(member);
  return new Set(candidates.flatMap((one) => (markOf(one) === mark ? [] : [one.worker])));
}

/** The first of those that come most often. */
function mostCommon(marks: readonly (string | null)[]): string | null {
  const counts = new Map<string | null, number>();
  for (const mark of marks) counts.set(mark, (counts.get(mark) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return [...counts].find(([, count]) => count === most)?.[0] ?? null;
}
