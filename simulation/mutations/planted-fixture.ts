/**
 * Faults that a test plants from outside, at the seams: each is a mistake that somebody could make in
 * the control plane. What the simulator does not find of them it would not find in the code either.
 */
import type { Bus, BusLog } from '../../shared/bus.js';
import { decodeWorkerMessage } from '../../shared/messages/cluster/from-worker.js';
import { decodeLogEntry, encodeLogEntry } from '../../shared/messages/cluster/log-entry.js';
import type { OpenTraining, TrainingHost } from '../../worker/control/shell/worker-parts.js';
import type { ToTraining } from '../../worker/training/messages.js';
import { coordinatorStarter } from '../cluster/sim-coordinator.js';
import { workerStarter } from '../cluster/sim-worker.js';
import type { SeedOptions } from '../run-seed.js';

type Planted = NonNullable<SeedOptions['planted']>;

/** Everything of the object but what is given. */
function except<Whole extends object>(whole: Whole, given: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get: (target, name) => {
      if (Object.hasOwn(given, name)) return Reflect.get(given, name);
      const value: unknown = Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

const withLog = (alter: (log: BusLog) => BusLog): Planted => ({
  startCoordinator: coordinatorStarter((bus) =>
    except<Bus>(bus, {
      ensureLog: async (name, subject) => alter(await bus.ensureLog(name, subject)),
    }),
  ),
});

/** An entry counts as stored before it is. */
const earlyAnswer: Planted = withLog((log) =>
  except(log, {
    append: async (data, after) => {
      void log.append(data, after).catch(() => undefined);
      return after + 1;
    },
  }),
);

/** A leader that was succeeded appends nevertheless, behind whatever stands there. */
const skippedFence: Planted = withLog((log) =>
  except(log, {
    append: async (data, after) => {
      for (let behind = after; ; behind = await log.last()) {
        const stored = await log.append(data, behind);
        if (stored !== null) return after + 1;
      }
    },
  }),
);

/** A member trains the lanes that it had in its first generation. */
const staleLanes: Planted = {
  startWorker: workerStarter((parts) => {
    const openTraining: OpenTraining = (start, handlers) => {
      const training = parts.openTraining(start, handlers);
      let first: Extract<ToTraining, { kind: 'enter' }> | null = null;
      const post = (message: ToTraining): void => {
        if (message.kind !== 'enter') training.post(message);
        else {
          first ??= message;
          const { rank, shares } = first;
          training.post({ ...message, rank, shares });
        }
      };
      return except<TrainingHost>(training, { post });
    };
    return { ...parts, openTraining };
  }),
};

/** A report is said once: where it is lost, nothing says it again. */
const lostWakeUp: Planted = {
  startWorker: workerStarter((parts) => {
    let said = 0;
    const publish = (subject: string, data: Uint8Array): void => {
      if (subject.includes('.worker.')) {
        const message = decodeWorkerMessage(data);
        if (message.kind === 'report') {
          if (message.number <= said) return;
          said = message.number;
        }
      }
      parts.bus.publish(subject, data);
    };
    return { ...parts, bus: except<Bus>(parts.bus, { publish }) };
  }),
};

/** Nobody hears that bytes of a copy come. */
export const silentCopies: Planted = {
  startWorker: workerStarter((parts) => {
    const publish = (subject: string, data: Uint8Array): void => {
      const isOwn = subject.includes('.worker.');
      if (isOwn && decodeWorkerMessage(data).kind === 'progress') return;
      parts.bus.publish(subject, data);
    };
    return { ...parts, bus: except<Bus>(parts.bus, { publish }) };
  }),
};

/** A leader publishes on behind the steps at which it has said that the run stands. */
const leakyPause: Planted = withLog((log) =>
  except(log, {
    append: (data, after) => {
      const logged = decodeLogEntry(data);
      const { entry } = logged;
      if (entry.kind !== 'paused') return log.append(data, after);
      const sooner = { ...entry, standsAt: entry.committedSteps };
      return log.append(encodeLogEntry({ ...logged, entry: sooner }), after);
    },
  }),
);

export const plantedFaults: Readonly<Record<string, Planted>> = {
  'an answer before the commit stands in the log': earlyAnswer,
  'a fence that is not looked at': skippedFence,
  'lanes of an older generation': staleLanes,
  'a wake-up that is lost': lostWakeUp,
  'a pause that is not kept': leakyPause,
};
