/**
 * The nats-server of a simulation: what it stores is the memory bus's, which the contract test holds to
 * the real one. Here it gets what a server at a distance has: latency, restarts, connections that are
 * cut, answers that are lost.
 */
import type { Bus } from '../../shared/bus.js';
import { MemoryHub } from '../../shared/bus-memory.js';
import type { Random } from '../../shared/random.js';
import type { Scheduler } from '../time/scheduler.js';
import type { SimProcess } from '../time/sim-process.js';
import { type BusTimes, type ServerSide, SimBus } from './sim-bus.js';

export class SimServer implements ServerSide {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly times: BusTimes;
  readonly #hub = new MemoryHub();
  readonly #connections = new Set<SimBus>();
  #isUp = true;
  #electsUntil = 0;

  constructor(scheduler: Scheduler, random: Random, times: BusTimes) {
    this.scheduler = scheduler;
    this.random = random;
    this.times = times;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get isElecting(): boolean {
    return this.scheduler.now < this.#electsUntil;
  }

  /** A connection of a process; of one that has died, nothing is left but what it has stored. */
  open(process: SimProcess): SimBus {
    const bus = new SimBus(this, process, this.#hub.open());
    this.#connections.add(bus);
    return bus;
  }

  /** Without latency and faults, for whoever looks on. */
  openBeside(): Bus {
    return this.#hub.open();
  }

  forget(bus: SimBus): void {
    this.#connections.delete(bus);
  }

  stop(): void {
    this.#isUp = false;
    for (const bus of this.#connections) bus.lose();
  }

  start(): void {
    this.#isUp = true;
    for (const bus of this.#connections) bus.findAgain();
  }

  /** Nobody leads what is stored for so long. */
  elect(duration: number): void {
    this.#electsUntil = Math.max(this.#electsUntil, this.scheduler.now + duration);
  }

  /** Of the process: the connection ends with it. */
  dropOf(process: SimProcess): void {
    for (const bus of this.#connections) if (bus.process === process) bus.drop();
  }

  busesOf(process: SimProcess): SimBus[] {
    return [...this.#connections].filter((bus) => bus.process === process);
  }

  latency(): number {
    const { latencyMin, latencyMax } = this.times;
    return latencyMin + this.random.uniform() * (latencyMax - latencyMin);
  }

  storeTime(): number {
    return this.random.uniform() * this.times.storeMax;
  }
}
