/**
 * For tests: a run whose members change, with the real training of each in one process. It plays what
 * coordinator and main threads do: aligns states by copying ranges of bytes, forms generations, ends
 * them in the middle of whatever they do.
 */
import { openDataset } from '../../../dataset/dataset.js';
import { trainingView } from '../../../dataset/training-view.js';
import { type Generation, generation, type Rank, rank, step } from '../../../shared/ids.js';
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import {
  comparePositions,
  farthest,
  type Position,
  samePosition,
} from '../../../shared/membership/position.js';
import { JobPlanner } from '../../../shared/plan/job-planner.js';
import { lanesOf, sharesOf } from '../../../shared/plan/lane-ownership.js';
import { lanePlan } from '../../../shared/plan/plan.js';
import { newestCheckpoint } from '../../../worker/checkpoint/newest-checkpoint.js';
import { stateSections } from '../../../worker/state/training-state.js';
import type {
  FromTraining,
  SharedState,
  StateSource,
  ToTraining,
} from '../../../worker/training/messages.js';
import { Training } from '../../../worker/training/run-training.js';
import { linkInMemory, type MemoryMembers } from './memory-members.js';

/** How a generation ends before the training does. */
export interface Disturbance {
  /** `kill`: a process dies, and another one takes its place with nothing. */
  readonly kind: 'change' | 'abort' | 'kill';
  /** Exchanges begun, and things told, before it comes. */
  readonly after: number;
  /** Whom it hits, or who hears of it; a place among the members. */
  readonly whom: number;
}

export interface GenerationPlan {
  /** Places of the processes, in the order of their ranks. */
  readonly members: readonly number[];
  /** What each rank's share of the lanes is to the others'. */
  readonly weights: readonly number[];
  readonly writer: number;
  /** Null lets it run to the end. */
  readonly disturbance: Disturbance | null;
  /** Whether a process outside copies a snapshot meanwhile. */
  readonly joins: boolean;
}

export interface ElasticRunOptions {
  readonly job: TrainingJob;
  readonly datasetDirectory: string;
  readonly checkpointDirectory: string;
  readonly processes: number;
}

/** A training as its main thread sees it. */
class Process {
  readonly #training: Training;
  readonly #ended: Promise<unknown>;
  readonly #waiting: { is: (message: FromTraining) => boolean; go: (m: FromTraining) => void }[] =
    [];
  /** That it holds outside of a generation. */
  shared: SharedState | null = null;
  failure: Error | null = null;

  constructor(
    options: ElasticRunOptions,
    totalSteps: number,
    onTold: (message: FromTraining) => void,
  ) {
    const { job, datasetDirectory, checkpointDirectory } = options;
    this.#training = new Training({
      start: {
        job,
        datasetDirectory,
        cacheDirectory: null,
        checkpointDirectory,
        pretrained: { item: null, user: null },
        totalSteps,
        evaluate: true,
      },
      tell: (message) => {
        this.#hear(message);
        onTold(message);
      },
    });
    this.#ended = this.#training.run().catch((error: Error) => {
      this.failure = error;
    });
  }

  tell(message: ToTraining): void {
    this.#training.receive(message);
  }

  until<Kind extends FromTraining['kind']>(
    ...kinds: Kind[]
  ): Promise<Extract<FromTraining, { kind: Kind }>> {
    const heard = new Promise<FromTraining>((go) => {
      this.#waiting.push({ is: ({ kind }) => (kinds as string[]).includes(kind), go });
    });
    const failed = this.#ended.then(() => {
      throw this.failure ?? new Error('a process ended while something was expected of it');
    });
    return Promise.race([heard, failed]) as Promise<Extract<FromTraining, { kind: Kind }>>;
  }

  async load(from: StateSource): Promise<void> {
    const holds = this.until('holds');
    this.tell({ kind: 'load', from });
    await holds;
  }

  /** What stands by goes through a step first, to its end or not. */
  async warmUp(committedSteps: number, isCutOff: boolean): Promise<void> {
    const warmed = this.until('warmed');
    this.tell({ kind: 'warm-up', committedSteps });
    if (isCutOff) this.tell({ kind: 'abort', generation: generation(0), reason: 'a test says so' });
    await warmed;
  }

  /** In ranges of odd lengths, the last one first. */
  async copy({ position, header, sections }: SharedState): Promise<void> {
    const copying = this.until('copying');
    this.shared = null;
    this.tell({ kind: 'copy-begin', position, header });
    const into = (await copying).sections;
    for (const section of stateSections) {
      const [from, to] = [sections[section], into[section]];
      for (let end = from.length; end > 0; end -= 77) {
        const begin = Math.max(0, end - 77);
        to.set(from.subarray(begin, end), begin);
      }
    }
    const holds = this.until('holds');
    this.tell({ kind: 'copy-end', position, header });
    await holds;
  }

  async end(): Promise<void> {
    this.tell({ kind: 'end' });
    await this.#ended;
  }

  #hear(message: FromTraining): void {
    if (message.kind === 'holds') this.shared = message;
    if (message.kind === 'entered') this.shared = null;
    const met = this.#waiting.filter(({ is }) => is(message));
    for (const waiting of met) {
      this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
      waiting.go(message);
    }
  }
}

export class ElasticRun {
  readonly #options: ElasticRunOptions;
  readonly #planner: JobPlanner;
  readonly #processes: Process[];
  /** What was told, by whichever process, in order. */
  readonly told: FromTraining[] = [];
  #generation = 0;
  #onEvent: () => void = () => undefined;

  private constructor(options: ElasticRunOptions, planner: JobPlanner) {
    this.#options = options;
    this.#planner = planner;
    this.#processes = Array.from({ length: options.processes }, () => this.#start());
  }

  static async open(options: ElasticRunOptions): Promise<ElasticRun> {
    const view = trainingView(await openDataset(options.datasetDirectory));
    return new ElasticRun(options, new JobPlanner(options.job, view));
  }

  async close(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.end()));
  }

  /** Whether all members have finished. */
  async generation(plan: GenerationPlan): Promise<boolean> {
    this.#generation++;
    const number = generation(this.#generation);
    await this.#align(plan.members);
    const members = plan.members.map((place) => this.#processes[place] as Process);
    const links = linkInMemory(members.length, number, () => this.#onEvent());
    const counts = countsOf(plan.weights.slice(0, members.length), this.#options.job.spec.lanes);
    const ends = members.map((member) => member.until('left', 'finished'));
    const disturbed = this.#disturb(plan, members, links);
    members.forEach((member, index) => {
      this.#enter(member, counts, rank(index), {
        number,
        links: links.ports[index] ?? null,
        writes: index === plan.writer % members.length,
      });
    });
    if (plan.joins) await this.#join(plan.members, members);
    const survivors = await Promise.all([
      disturbed,
      ...ends.map((end) => end.catch(() => null)),
    ]).then(([victim, ...results]) => {
      this.#throwFailures(victim);
      return results.flatMap((result, index) => (index === victim ? [] : [{ result, index }]));
    });
    const isDone = survivors.every(({ result }) => result?.kind === 'finished');
    await this.#leave(survivors, members, number);
    links.close();
    return isDone && survivors.length === members.length;
  }

  #throwFailures(victim: number | null): void {
    for (const { failure } of this.#processes) {
      if (failure !== null && victim === null) throw failure;
    }
  }

  /** Those that wait inside, because they have finished, are told to leave. */
  async #leave(
    survivors: readonly { result: FromTraining | null; index: number }[],
    members: readonly Process[],
    number: Generation,
  ): Promise<void> {
    for (const { result, index } of survivors) {
      const member = members[index] as Process;
      if (result?.kind !== 'finished' || member.shared !== null) continue;
      const holds = member.until('holds');
      member.tell({ kind: 'abort', generation: number, reason: 'the generation is over' });
      await holds;
    }
  }

  #start(): Process {
    return new Process(this.#options, this.#planner.totalSteps, (message) => {
      this.told.push(message);
      this.#onEvent();
    });
  }

  /** Everybody has the farthest state, or what the job begins with, or the newest checkpoint. */
  async #align(places: readonly number[]): Promise<void> {
    const truth = farthest(this.#processes.map(({ shared }) => shared?.position ?? null));
    const { checkpointDirectory } = this.#options;
    const any = { jobDigest: null, datasetDigest: null };
    const { found } = await newestCheckpoint(checkpointDirectory, any);
    const from: StateSource =
      found === null ? { kind: 'seed' } : { kind: 'checkpoint', path: found.path };
    for (const place of places) {
      const member = this.#processes[place] as Process;
      const own = member.shared?.position ?? null;
      if (truth === null) await member.load(from);
      else if (!samePosition(own, truth)) {
        if (own === null) await member.warmUp(truth.committedSteps, this.#generation % 3 === 0);
        await member.copy(this.#holderOf(truth));
      }
    }
  }

  #holderOf(position: Position): SharedState {
    const found = this.#processes.find(
      ({ shared }) => shared !== null && comparePositions(shared.position, position) === 0,
    );
    return found?.shared as SharedState;
  }

  #enter(
    member: Process,
    shares: readonly number[],
    own: Rank,
    given: {
      readonly number: Generation;
      readonly links: MemoryMembers['ports'][number];
      readonly writes: boolean;
    },
  ): void {
    const { number, links, writes } = given;
    const from = member.shared?.position.committedSteps ?? 0;
    const lanes = lanesOf(sharesOf(shares).run(own));
    for (let at = from; at < this.#planner.totalSteps; at++) {
      const plan = this.#planner.plan(step(at));
      for (const lane of lanes) member.tell({ kind: 'plan', plan: lanePlan(plan, lane) });
    }
    member.tell({ kind: 'enter', generation: number, rank: own, shares, links, writes });
  }

  /** Which rank was killed; null where none was. */
  #disturb(
    { disturbance }: GenerationPlan,
    members: readonly Process[],
    links: MemoryMembers,
  ): Promise<number | null> {
    if (disturbance === null) return Promise.resolve(null);
    const { kind, after, whom } = disturbance;
    const index = whom % members.length;
    let events = 0;
    return new Promise((resolve) => {
      let isDone = false;
      const act = (): void => {
        if (isDone) return;
        isDone = true;
        this.#onEvent = () => undefined;
        // Not inside of whatever has just been told.
        setImmediate(() => {
          this.#act(kind, members, index, links).then(resolve);
        });
      };
      this.#onEvent = () => {
        events++;
        if (events > after) act();
      };
      // It may be over before.
      void Promise.all(members.map((member) => member.until('finished'))).then(
        act,
        () => undefined,
      );
    });
  }

  async #act(
    kind: Disturbance['kind'],
    members: readonly Process[],
    index: number,
    links: MemoryMembers,
  ): Promise<number | null> {
    const member = members[index] as Process;
    const number = generation(this.#generation);
    switch (kind) {
      case 'change':
        member.tell({ kind: 'change', generation: generation(this.#generation + 1) });
        return null;
      case 'abort':
        for (const each of [...members.slice(index), ...members.slice(0, index)]) {
          each.tell({ kind: 'abort', generation: number, reason: 'a test says so' });
          await new Promise(setImmediate);
        }
        return null;
      case 'kill': {
        links.cut(rank(index));
        await member.end();
        this.#processes[this.#processes.indexOf(member)] = this.#start();
        // Those that wait for nobody do not notice.
        for (const each of members) {
          if (each !== member) each.tell({ kind: 'abort', generation: number, reason: 'a loss' });
        }
        return index;
      }
    }
  }

  async #join(places: readonly number[], members: readonly Process[]): Promise<void> {
    const outside = this.#processes.find((_, place) => !places.includes(place));
    const [source] = members as [Process];
    if (outside === undefined) return;
    const taken = source.until('snapshot').catch(() => null);
    source.tell({ kind: 'snapshot', id: this.#generation });
    const snapshot = await taken;
    if (snapshot === null) return;
    await outside.copy(snapshot);
    source.tell({ kind: 'release', id: this.#generation });
  }
}

/** In proportion; every rank has one at least. */
function countsOf(weights: readonly number[], lanes: number): number[] {
  const counts = weights.map(() => 1);
  for (let left = lanes - counts.length; left > 0; left--) {
    const needs = weights.map((weight, index) => (counts[index] as number) / (weight + 1));
    const most = needs.indexOf(Math.min(...needs));
    counts[most] = (counts[most] as number) + 1;
  }
  return counts;
}
