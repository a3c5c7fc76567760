/**
 * A worker's training thread in virtual time: it obeys the same messages as the real one, over a
 * model that costs nothing. It trusts what it is told: lanes, members and states are its control's
 * to get right, and a mistake in them ends in other words than the undisturbed run's.
 */
import { rank as rankOf } from '../../shared/ids.js';
import { sharesOf } from '../../shared/plan/lane-ownership.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import type { Entry, FromTraining, ToTraining } from '../../worker/training/messages.js';
import { Pipe } from '../bus/pipe.js';
import type { SimGeneration } from '../links/sim-generation.js';
import { type Membership, takePart, writeWished } from './take-part.js';
import type { TinyTrainingParts } from './tiny-parts.js';
import {
  copyOf,
  digestOf,
  firstState,
  headerOf,
  positionOf,
  stateOf,
  type TinyState,
  wordCount,
} from './tiny-state.js';

/** Between two looks whether a checkpoint may be published. */
const permitLook = 25;

export class TinyTraining {
  readonly parts: TinyTrainingParts;
  readonly #toThread: Pipe;
  readonly #toMain: Pipe;
  readonly #plans = new Map<string, LanePlan>();
  readonly #snapshots = new Set<number>();
  #wanted: number | null = null;
  #state: TinyState | null = null;
  #room: Uint32Array | null = null;
  #inside: Membership | null = null;
  #onPlan: () => void = () => undefined;
  #aborted = -1;
  /** The newest generation that it was told to enter. */
  #entered = 0 as Entry['generation'];
  #change = 0;
  #stop = false;
  #checkpointWish: number | null = null;
  #turn: Promise<void> = Promise.resolve();
  #stuckUntil = 0;
  /** What came while it was stuck. */
  readonly #waiting: (() => void)[] = [];
  #isOver = false;

  constructor(parts: TinyTrainingParts) {
    this.parts = parts;
    const latency = (): number => 0.01 + 0.5 * parts.random.uniform();
    this.#toThread = new Pipe(parts.scheduler, latency);
    this.#toMain = new Pipe(parts.scheduler, latency);
    this.after(1 + parts.random.below(50), () => this.#tell({ kind: 'opened' }));
  }

  post(message: ToTraining): void {
    this.#toThread.send(() =>
      this.parts.process.deliver(() => this.#awake(() => this.#receive(message))),
    );
  }

  /** Native code that does not return: nothing happens on this thread until then. */
  stick(duration: number): void {
    this.#stuckUntil = Math.max(this.#stuckUntil, this.parts.scheduler.now + duration);
  }

  get isStuck(): boolean {
    return this.parts.scheduler.now < this.#stuckUntil;
  }

  /** On this thread, after some time of its process. */
  after(delay: number, act: () => void): void {
    const { process } = this.parts;
    process.after(delay * process.slowness, () => this.#awake(act));
  }

  end(): void {
    this.#isOver = true;
    this.#leave('the training ends');
  }

  /** In order: what a real thread has not read yet, it reads as it was posted. */
  #awake(act: () => void): void {
    if (this.#isOver) return;
    if (!this.isStuck && this.#waiting.length === 0) {
      act();
      return;
    }
    this.#waiting.push(act);
    if (this.#waiting.length === 1) this.#wakeLater();
  }

  #wakeLater(): void {
    const { process, scheduler } = this.parts;
    process.after(this.#stuckUntil - scheduler.now + 0.01, () => {
      while (!this.isStuck && !this.#isOver) {
        const act = this.#waiting.shift();
        if (act === undefined) return;
        act();
      }
      if (!this.#isOver) this.#wakeLater();
    });
  }

  #tell(message: FromTraining): void {
    this.#toMain.send(() =>
      this.parts.process.deliver(() => {
        if (!this.#isOver) this.parts.onMessage(message);
      }),
    );
  }

  #receive(message: ToTraining): void {
    switch (message.kind) {
      case 'plan':
        this.#plans.set(`${message.plan.step}/${message.plan.lane}`, message.plan);
        this.#onPlan();
        return;
      case 'warm-up':
        this.#inTurn(() => this.#warmUp());
        return;
      case 'load':
        this.#inTurn(() => this.#load(message.from));
        return;
      case 'copy-begin':
        this.#inTurn(async () => this.#makeRoom(message.position));
        return;
      case 'copy-end':
        this.#inTurn(async () => this.#adopt(message.header));
        return;
      case 'enter':
        this.#checkpointWish = null;
        this.#inTurn(() => this.#enter(message));
        return;
      case 'change':
        this.#change = Math.max(this.#change, message.generation);
        if (this.#inside?.isDone === true) this.#inside.release('change');
        return;
      case 'abort':
        this.#aborted = Math.max(this.#aborted, message.generation);
        if ((this.#inside?.entry.generation ?? 0) <= message.generation)
          this.#leave(message.reason);
        return;
      case 'stop':
        this.#stop = true;
        return;
      case 'snapshot':
        this.#wanted = message.id;
        if (this.#inside === null || this.#inside.isDone) this.snapshot();
        return;
      case 'release':
        this.#snapshots.delete(message.id);
        return;
      default:
        this.#other(message);
        return;
    }
  }

  #other(message: ToTraining): void {
    if (message.kind === 'end') this.end();
    else if (message.kind === 'save') this.#inTurn(() => this.#save());
    else if (message.kind === 'checkpoint') this.#wish(message.steps);
    else if (message.kind === 'pause') return;
    else throw new Error(`The simulated training does not know "${message.kind}"`);
  }

  /** Between two steps the state is whole: it waits for the end of one only where what follows is open. */
  #wish(steps: number): void {
    this.#checkpointWish = steps;
    if (this.#inside !== null && !this.#inside.isDone) writeWished(this.#inside);
  }

  #inTurn(act: () => Promise<void>): void {
    this.#turn = this.#turn.then(act);
  }

  /** It computes nothing that could be left behind: only its time is played. */
  async #warmUp(): Promise<void> {
    const delay = this.parts.random.below(60);
    if (this.#aborted < 0) await this.#sleep(delay);
    this.#tell({ kind: 'warmed', seconds: delay / 1000, problem: null });
  }

  async #load(from: Extract<ToTraining, { kind: 'load' }>['from']): Promise<void> {
    this.#state = null;
    await this.#sleep(this.parts.random.below(30));
    const { disk, job } = this.parts;
    const found = from.kind === 'seed' ? firstState(job.seed) : disk.read(from.path);
    if (found === null) {
      const path = from.kind === 'seed' ? '' : from.path;
      return this.#fail('CHECKPOINT_MISSING', `Cannot read ${path}: it is not there`);
    }
    this.#hold(found);
  }

  #makeRoom(position: Extract<ToTraining, { kind: 'copy-begin' }>['position']): void {
    this.#state = null;
    this.#room = new Uint32Array(wordCount);
    this.#tell({ kind: 'copying', position, sections: sectionsOf(this.#room) });
  }

  #adopt(header: string): void {
    if (this.#room === null) throw new Error('A state was copied, and there is no room for it');
    this.#hold(stateOf(header, this.#room));
    this.#room = null;
  }

  #hold(state: TinyState): void {
    this.#state = state;
    this.#tell({ kind: 'holds', ...sharedOf(state) });
  }

  async #save(): Promise<void> {
    const state = this.#state;
    const isWritten = state !== null && state.committedSteps > 0 && positionOf(state).settled;
    if (isWritten) {
      const { disk, mayPublish, process, random, watch } = this.parts;
      await this.#sleep(random.below(60));
      // As the real writer, which waits for longer than any grace lasts: leaders confirm, and are succeeded.
      while (!mayPublish()) await this.#sleep(permitLook);
      const { committedSteps, path } = disk.write(state);
      const generation = this.#entered;
      watch.saved(process, generation, committedSteps, digestOf(state));
      this.#tell({ kind: 'checkpointed', committedSteps, path, seconds: 0.01, generation });
    }
    this.#tell({ kind: 'saved', isWritten });
  }

  #fail(code: string, message: string): void {
    const committedSteps = this.#state?.committedSteps ?? 0;
    this.#tell({ kind: 'failed', code, message, stack: '', committedSteps });
  }

  #sleep(delay: number): Promise<void> {
    return new Promise((resolve) => this.after(delay, resolve));
  }

  async #enter(entry: Entry): Promise<void> {
    const state = this.#state;
    if (state === null) throw new Error('Told to enter a generation, and no state is held');
    const { generation } = entry;
    this.#entered = generation;
    const { process, watch } = this.parts;
    const left = (leaving: {
      how: 'change' | 'abort' | 'trouble';
      error: { code: string; message: string } | null;
    }): void => {
      const position = positionOf(state);
      this.#tell({ kind: 'left', generation, position, ...leaving });
      this.#tell({ kind: 'holds', ...sharedOf(state) });
      this.snapshot();
    };
    if (generation <= this.#aborted) return left({ how: 'abort', error: null });
    const membership = this.#membership(entry, state);
    this.#inside = membership;
    watch.entered(process, generation);
    this.#tell({ kind: 'entered', generation, position: positionOf(state) });
    try {
      const how = await takePart(membership);
      watch.left(process, generation);
      left({ how, error: null });
    } catch (error) {
      watch.left(process, generation);
      if (membership.isAborted) left({ how: 'abort', error: null });
      else {
        const { code, message } = error as Error & { code?: string };
        if (code === undefined) throw error;
        if (!endsGeneration.has(code)) return this.#fail(code, message);
        left({ how: 'trouble', error: { code, message } });
      }
    } finally {
      this.#inside = null;
    }
  }

  #membership(entry: Entry, state: TinyState): Membership {
    const { parts } = this;
    const run = sharesOf(entry.shares).run(rankOf(entry.rank));
    const lanes = Array.from({ length: run.end - run.start }, (_, index) => run.start + index);
    let release: (how: 'change' | 'abort') => void = () => undefined;
    let giveUp: (error: Error) => void = () => undefined;
    const released = new Promise<'change' | 'abort'>((resolve) => {
      release = resolve;
    });
    const aborted = new Promise<never>((_, reject) => {
      giveUp = reject;
    });
    aborted.catch(() => undefined);
    return {
      entry,
      state,
      parts,
      lanes,
      exchange: entry.links as unknown as SimGeneration | null,
      isAborted: false,
      isDone: false,
      release,
      released,
      giveUp,
      wishes: () => ({ stop: this.#stop, change: this.#change }),
      tell: (fact) => this.#tell({ ...fact, generation: entry.generation } as FromTraining),
      boundary: () => this.snapshot(),
      wish: () => this.#checkpointWish,
      wishSeenTo: () => {
        this.#checkpointWish = null;
      },
      orEnd: (wait) => Promise.race([wait, aborted]),
      sleep: (delay) => Promise.race([this.#sleep(delay), aborted]),
      plansOf: (at) => Promise.race([this.#plansOf(at, lanes), aborted]),
      forget: (before) => this.#forget(before),
    };
  }

  #leave(reason: string): void {
    const inside = this.#inside;
    if (inside === null) return;
    inside.isAborted = true;
    // The thread gets there before its next kernel.
    this.after(this.parts.random.below(20), () => {
      inside.giveUp(new Error(reason));
      inside.release('abort');
    });
  }

  async #plansOf(at: number, lanes: readonly number[]): Promise<LanePlan[]> {
    for (;;) {
      const plans = lanes.map((lane) => this.#plans.get(`${at}/${lane}`));
      if (plans.every((plan) => plan !== undefined)) return plans as LanePlan[];
      await new Promise<void>((resolve) => {
        this.#onPlan = resolve;
      });
    }
  }

  #forget(before: number): void {
    for (const key of this.#plans.keys()) {
      if (Number(key.slice(0, key.indexOf('/'))) < before) this.#plans.delete(key);
    }
  }

  /** Answers a wish for a copy, where the state is whole. */
  snapshot(): void {
    const id = this.#wanted;
    if (id === null || this.#state === null) return;
    this.#wanted = null;
    this.#tell({ kind: 'snapshot', id, ...sharedOf(copyOf(this.#state)) });
  }
}

/** Errors after which a member is out of its generation and otherwise well. */
const endsGeneration = new Set(['PEER_LOST', 'PEER_TIMEOUT', 'EXCHANGE_ABORTED']);

function sectionsOf(words: Uint32Array) {
  const nothing = new Float32Array(0);
  const parameters = new Float32Array(words.buffer, words.byteOffset, words.length);
  return { parameters, firstMoments: nothing, secondMoments: nothing };
}

const sharedOf = (state: TinyState) => ({
  position: positionOf(state),
  header: headerOf(state),
  sections: sectionsOf(state.words),
});
