import type { BusLog } from '../../shared/bus.js';

/** Everything that the log has now. */
export async function readEntries(
  log: BusLog,
  handler: (data: Uint8Array, sequence: number) => void,
): Promise<void> {
  const last = await log.last();
  if (last === 0) return;
  let finish: () => void = () => undefined;
  let fail: (error: Error) => void = () => undefined;
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  const reader = await log.read(1, (data, sequence) => {
    if (sequence > last) return;
    try {
      handler(data, sequence);
      if (sequence === last) finish();
    } catch (error) {
      fail(error as Error);
    }
  });
  void reader.ended.then((error) => error !== null && fail(error));
  try {
    await finished;
  } finally {
    reader.close();
  }
}
