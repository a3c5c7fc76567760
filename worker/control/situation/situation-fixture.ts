/** A worker, its leader's words and its peers, for tests of its situations. */
import { generation, workerId } from '../../../shared/ids.js';
import type {
  GenerationRecord,
  GenerationStart,
} from '../../../shared/membership/generation-record.js';
import type { Position } from '../../../shared/membership/position.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import { type Millis, millis } from '../../../shared/units.js';
import { next } from './next-situation.js';
import type { Action, WorkerEvent } from './worker-event.js';
import { firstWorker, type Worker } from './worker-situation.js';

export const me = workerId('worker-1');
export const incarnationOf = (index: number): string => `${index}`.repeat(16);
export const self = { worker: me, incarnation: incarnationOf(1), grace: millis(25_000) };

export const at = (committedSteps: number, settled = true, collapses = 0): Position => ({
  committedSteps,
  collapses,
  settled,
});

export function record(
  number: number,
  members: readonly number[],
  start: GenerationStart | null = null,
  { planned = false, fence = 1 }: { planned?: boolean; fence?: number } = {},
): GenerationRecord {
  return {
    generation: generation(number),
    fence,
    planned,
    reason: 'a test',
    members: members.map((index) => ({
      worker: workerId(`worker-${index}`),
      incarnation: incarnationOf(index),
      address: `h:${1000 + index}`,
      lanes: Math.floor(4 / members.length),
    })),
    writer: members.length === 0 ? null : workerId(`worker-${members[0]}`),
    start,
  };
}

export const fromState = (position: Position, ...holders: number[]): GenerationStart => ({
  kind: 'state',
  position,
  holders: holders.map((index) => workerId(`worker-${index}`)),
});

export function lead(of: GenerationRecord | null, more: Partial<Lead> = {}): Lead {
  return {
    kind: 'lead',
    fence: of?.fence ?? 1,
    coordinator: 'a',
    recordedSteps: 0,
    checkpointSteps: null,
    hasTrained: false,
    generation: of,
    stopping: false,
    ...{ paused: false, checkpointWish: null, draining: [] },
    over: null,
    heard: [],
    ping: 0,
    ...more,
  };
}

export const hears = (of: GenerationRecord | null, more: Partial<Lead> = {}): WorkerEvent => ({
  kind: 'lead',
  lead: lead(of, more),
});

/** Plays events, each `between` after the one before. */
export class Play {
  worker: Worker = firstWorker(self, millis(0));
  now: Millis = millis(0);
  actions: Action[] = [];
  looks = true;

  /** What is to be done about these events, by kind. */
  hear(...events: readonly WorkerEvent[]): string[] {
    const before = this.actions.length;
    for (const event of events) {
      this.now = millis(this.now + 1);
      const { worker, actions } = next(this.worker, event, this.now);
      this.worker = worker;
      this.actions.push(...actions);
      // There is nothing new to be found, at once: tests of looking say so themselves.
      if (this.looks && actions.some(({ kind }) => kind === 'look')) this.hear({ kind: 'looked' });
    }
    return this.actions
      .slice(before)
      .map(({ kind }) => kind)
      .filter((kind) => !this.looks || kind !== 'look');
  }

  /** Looks at the clock after this long. */
  wait(long: number): string[] {
    this.now = millis(this.now + long);
    return this.hear({ kind: 'tick' });
  }

  /** The log names this generation as the newest one. */
  readsLog(generation: number | null): string[] {
    const end = { over: null, generation };
    return this.hear({ kind: 'log-read', askedAt: this.now, end });
  }

  get kind(): string {
    return this.worker.situation.kind;
  }

  static standingBy(): Play {
    const play = new Play();
    play.hear({ kind: 'run-found' }, { kind: 'opened' });
    return play;
  }

  /** In generation 1 with worker 0, from the seed. */
  static training(): Play {
    const play = Play.standingBy();
    play.hear(
      hears(record(1, [0, 1], { kind: 'seed' })),
      { kind: 'loaded', position: at(0) },
      { kind: 'linked', generation: 1 },
    );
    return play;
  }
}
