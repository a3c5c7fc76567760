/**
 * Asks something of whoever leads a run, again and again until the run's log says what came of it. What
 * that is, an `Answers` knows: it hears what the log tells, and has the answer once it is there.
 */
import { hostname } from 'node:os';
import type { Bus } from '../../shared/bus.js';
import { stopRequestInterval } from '../../shared/limits.js';
import { type ControlMessage, encodeControl } from '../../shared/messages/cluster/control.js';
import type { Happening } from '../../shared/messages/cluster/log-entry.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { controlSubject, logStream } from '../../shared/subjects.js';
import { findRun } from '../cluster/find-run.js';
import { followRun, type LogEnd } from '../cluster/follow-run.js';
import { lastEntry } from '../cluster/last-entry.js';
import { UsageError } from '../usage-error.js';
import { userName } from './user-name.js';

/** What a command waits for in the run's log. Pure. */
export interface Answers<Answer> {
  /** @throws UsageError where the leader refuses */
  hear(entry: Happening): void;
  /** Null while it is not there. */
  readonly answer: Answer | null;
}

export interface Question<Answer> {
  /** The job's. */
  readonly name: string;
  /** As in "Cannot pause". */
  readonly verb: string;
  readonly request: ControlMessage;
  readonly answers: Answers<Answer>;
  /** It was asked for the first time. */
  readonly onAsked?: () => void;
  /** What the end of the run answers. @throws UsageError where it is no answer */
  readonly onEnd: (end: LogEnd) => Answer;
}

/** Of whoever asks, for people. */
export const asker = (): string => `${userName()}@${hostname()}`.slice(0, 256);

/** @throws UsageError where nobody leads a run of the name, or what is asked is refused */
export async function askRun<Answer>(bus: Bus, question: Question<Answer>): Promise<Answer> {
  const { name, verb } = question;
  const run = await findRun(bus, name);
  if (!run.isLive) throw new UsageError(`Cannot ${verb} "${name}": ${await whyNot(bus, run)}`);
  return untilAnswered(bus, run, question);
}

/** Nobody leads the run: it is over, or its coordinators are away. */
async function whyNot(bus: Bus, run: RunAddress): Promise<string> {
  const last = (await lastEntry(await bus.openLog(logStream(run))))?.entry.kind;
  if (last === 'finished' || last === 'failed') return 'its last run is over';
  return `nobody leads its run ${run.run} now: ask again when a coordinator does`;
}

async function untilAnswered<Answer>(
  bus: Bus,
  run: RunAddress,
  { answers, onAsked, onEnd, request }: Question<Answer>,
): Promise<Answer> {
  const log = await bus.openLog(logStream(run));
  let settle: (answer: Answer) => void = () => undefined;
  let refuse: (error: unknown) => void = () => undefined;
  const answered = new Promise<Answer>((resolve, reject) => {
    settle = resolve;
    refuse = reject;
  });
  const followed = await followRun({
    bus,
    log,
    run,
    from: Math.max(1, await log.last()),
    onEntry: ({ entry }) => {
      try {
        answers.hear(entry);
        if (answers.answer !== null) settle(answers.answer);
      } catch (error) {
        refuse(error);
      }
    },
    onEvent: () => undefined,
    time: () => new Date().toISOString(),
  });
  const ask = (): void => bus.publish(controlSubject(run), encodeControl(request));
  ask();
  onAsked?.();
  const asking = setInterval(ask, stopRequestInterval);
  try {
    return await Promise.race([answered, followed.end.then(onEnd)]);
  } finally {
    clearInterval(asking);
    followed.close();
  }
}
