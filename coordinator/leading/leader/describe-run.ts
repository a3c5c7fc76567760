/** Puts what workers need to know of a run where they look for it. */
import type { BusValues } from '../../../shared/bus.js';
import {
  decodeDescription,
  encodeDescription,
  type RunDescription,
} from '../../../shared/run/run-description.js';
import type { RunAddress } from '../../../shared/run/run-id.js';
import { descriptionKey } from '../../../shared/subjects.js';

export async function describeRun(
  values: BusValues,
  run: RunAddress,
  description: RunDescription,
): Promise<void> {
  const key = descriptionKey(run);
  for (;;) {
    const found = await values.get(key);
    const there = found === null ? null : decodeDescription(found.data);
    if (JSON.stringify(there) === JSON.stringify(description)) return;
    const data = encodeDescription(description);
    if ((await values.put(key, data, found?.revision ?? 0)) !== null) return;
  }
}
