/** Tells how a run has ended that is not led any more, as the coordinator that led it has told it. */
import type { Bus } from '../../shared/bus.js';
import type { ExitCode } from '../../shared/exit-codes.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { logStream } from '../../shared/subjects.js';
import { followRun } from '../cluster/follow-run.js';
import { runEndOf } from '../cluster/run-end.js';
import type { RunView } from '../output/run-view.js';

/** @throws BusLostError, BusRefusedError */
export async function tellEndedRun(bus: Bus, run: RunAddress, view: RunView): Promise<ExitCode> {
  const followed = await followRun({
    bus,
    run,
    log: await bus.openLog(logStream(run)),
    from: 1,
    onEvent: (event, at) => {
      if (event.kind !== 'finished' && event.kind !== 'failed') view.see(event, at);
    },
    time: () => new Date().toISOString(),
  });
  try {
    return view.end(runEndOf(await followed.end));
  } finally {
    followed.close();
  }
}
