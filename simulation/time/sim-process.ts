/**
 * A process of the simulation: the place where code runs, with a clock of its own. Whatever reaches
 * the code comes through `deliver`: while the process stands still it waits, and once it is killed it
 * never arrives. So a killed process needs no cleaning up: nothing ever calls its objects again.
 */
import type { Clock } from '../../shared/clock.js';
import { type Millis, millis } from '../../shared/units.js';
import type { Scheduler } from './scheduler.js';

/** Milliseconds since 1970 at which every simulation begins. */
const dayOne = 1_700_000_000_000;

export interface ClockSettings {
  readonly offset: number;
  /** Its milliseconds in one of the scheduler's. */
  readonly rate: number;
}

export class SimProcess {
  readonly name: string;
  /** Monotonic. */
  readonly clock: Clock;
  readonly #scheduler: Scheduler;
  readonly #rate: number;
  #offset: number;
  #wallOffset = 0;
  #wasSetBack = false;
  #hasLostTime = false;
  #state: 'running' | 'standing' | 'dead' = 'running';
  /** What came while it stood still, and behind that until it has caught up. */
  readonly #backlog: (() => void)[] = [];
  #catchingUp = false;
  /** Added to what reaches it and to what it computes. */
  slowness = 1;

  constructor(name: string, scheduler: Scheduler, { offset, rate }: ClockSettings) {
    this.name = name;
    this.#scheduler = scheduler;
    this.#offset = offset;
    this.#rate = rate;
    this.clock = { now: () => this.#reading() };
  }

  get isDead(): boolean {
    return this.#state === 'dead';
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  #reading(): Millis {
    return millis(this.#scheduler.now * this.#rate + this.#offset);
  }

  /** What its host takes for the time of day: it can be set. */
  wall(): Millis {
    return millis(dayOne + this.#scheduler.now + this.#wallOffset);
  }

  /** Forwards or backwards. */
  setWall(by: number): void {
    this.#wallOffset += by;
    if (by < 0) this.#wasSetBack = true;
  }

  /** Neither of its clocks told that it stood still. */
  get wasFooled(): boolean {
    return this.#wasSetBack && this.#hasLostTime;
  }

  /** A suspended host's monotonic clock stands still for so long. */
  loseTime(duration: number): void {
    this.#offset -= duration * this.#rate;
    this.#hasLostTime = true;
  }

  /** Now if it runs; else behind what waits already. */
  deliver(act: () => void): void {
    if (this.#state === 'dead') return;
    if (this.#state === 'standing' || this.#backlog.length > 0) this.#backlog.push(act);
    else act();
  }

  /** Its own timer: late while it stands still, never doubled. */
  after(delay: number, act: () => void): void {
    this.#scheduler.after(delay, () => this.deliver(act));
  }

  /** Looks at the clock again and again, by its own time. */
  every(interval: number, act: () => void): void {
    const beat = (): void => {
      if (this.#state === 'dead') return;
      this.#scheduler.after(interval / this.#rate, () => this.deliver(look));
    };
    const look = (): void => {
      act();
      beat();
    };
    beat();
  }

  /** As SIGSTOP: what it would do happens when it wakes up. */
  stand(): void {
    if (this.#state === 'running') this.#state = 'standing';
  }

  wake(): void {
    if (this.#state !== 'standing') return;
    this.#state = 'running';
    this.#catchUp();
  }

  kill(): void {
    this.#state = 'dead';
    this.#backlog.length = 0;
  }

  /** One thing an event, in order, so that promises settle between them. */
  #catchUp(): void {
    if (this.#catchingUp || this.#backlog.length === 0) return;
    this.#catchingUp = true;
    this.#scheduler.after(0, () => {
      this.#catchingUp = false;
      if (this.#state !== 'running') return;
      const act = this.#backlog[0];
      act?.();
      this.#backlog.shift();
      this.#catchUp();
    });
  }
}
