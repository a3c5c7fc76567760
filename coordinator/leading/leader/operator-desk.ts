/**
 * What operators ask of a run that goes on: each request is taken once, stands in the log, and from
 * there is followed, by this leader and by those behind it.
 */
import type { OperatorRequest } from '../../../shared/messages/cluster/control.js';
import type { Lead } from '../../../shared/messages/cluster/from-leader.js';
import { silenceTimeout } from '../../membership/limits.js';
import { leastOf, thoseThatLive } from '../../membership/who-is-there.js';
import { standsAt } from '../../record/stands-at.js';
import { decideRequest, type RunSeen } from '../decide-request.js';
import type { Leadership } from './leadership.js';

export class OperatorDesk {
  readonly #run: Leadership;

  constructor(run: Leadership) {
    this.#run = run;
  }

  take(request: OperatorRequest): void {
    const { ahead, hasEnded, isClosed } = this.#run;
    if (hasEnded || isClosed || ahead.requests.includes(request.id)) return;
    const entry = decideRequest(request, this.#seen());
    // Whoever has just begun to lead has not heard everyone: it is asked again.
    const isEarly = this.#run.now - this.#run.memory.since < silenceTimeout;
    if (request.kind === 'drain' && entry.kind === 'refused-request' && isEarly) return;
    this.#run.given.parts.log.info({ ...entry }, 'an operator asks');
    this.#run.append(entry);
    this.follow();
    this.#run.voice.changed();
  }

  /** Brings what is published in line with what the log says. */
  follow(): void {
    const { ahead, given, plans, steps } = this.#run;
    plans.publishUpTo(standsAt(ahead, steps.reportedSteps));
    given.parts.metrics.paused.set(ahead.paused === null ? 0 : 1);
  }

  /** What the lead says of it; of who drains, those that are still there. */
  get said(): Pick<Lead, 'paused' | 'checkpointWish' | 'draining'> {
    const { memory, stored } = this.#run;
    return {
      paused: stored.paused !== null && !stored.stopping,
      checkpointWish: stored.wishedCheckpoint,
      draining: stored.draining.filter(
        ({ worker, incarnation }) => memory.workers.get(worker)?.status.incarnation === incarnation,
      ),
    };
  }

  #seen(): RunSeen {
    const { ahead, given, memory, now, plans } = this.#run;
    const drains = new Set(ahead.draining.map(({ incarnation }) => incarnation));
    const members = new Set(memory.record?.members.map(({ incarnation }) => incarnation));
    return {
      state: ahead,
      publishedSteps: plans.reach,
      totalSteps: given.prepared.totalSteps,
      least: leastOf(given.parts.workers),
      workers: thoseThatLive(now, memory.workers).map(({ worker, status }) => ({
        worker,
        incarnation: status.incarnation,
        isMember: members.has(status.incarnation),
        leaves: status.leaving || drains.has(status.incarnation),
      })),
    };
  }
}
