/**
 * The training thread without its port, so that it can be read and driven as a function. It lives for
 * the run: it holds a state, enters and leaves generations with it, and lends it to whoever copies it.
 * What holds for one generation is made by `enter` and gone when that ends.
 */
import { type CatalogueTexts, openDataset } from '../../dataset/dataset.js';
import { trainingView } from '../../dataset/training-view.js';
import { systemClock } from '../../shared/clock.js';
import { codeOf } from '../../shared/exit-codes.js';
import { generation as generationOf, step } from '../../shared/ids.js';
import { jobDigest } from '../../shared/job-spec/job-digest.js';
import { readsLabels } from '../../shared/job-spec/rules/reads-labels.js';
import type { LanePlan } from '../../shared/plan/lane-plan.js';
import { stagesOf } from '../../shared/plan/stages.js';
import { openArithmetic } from '../arithmetic/open-arithmetic.js';
import { startCheckpointWriter } from '../checkpoint/checkpoint-writer.js';
import { ExchangeAbortedError } from '../collective/errors.js';
import { Activity } from '../engine/activity.js';
import { Cancellation } from '../engine/cancellation.js';
import { openEngine } from '../engine/open-engine.js';
import type { ItemFormat } from '../model/items/packed-items.js';
import type { HostState } from '../state/host-state.js';
import { type BatchAssembler, startBatchAssembler } from './batches/batch-assembler.js';
import { BatchInbox } from './batches/batch-inbox.js';
import { modelConfig } from './from-job.js';
import { EvaluationStoppedError, finishTogether } from './generations/finish-together.js';
import { Membership } from './generations/membership.js';
import { CheckpointLostError } from './generations/read-together.js';
import { Held } from './held/held.js';
import { Snapshot } from './held/snapshot.js';
import { decodeStateHeader } from './held/state-header.js';
import type {
  Entry,
  Fact,
  FromTraining,
  Leaving,
  StateSource,
  ToTraining,
  TrainingStart,
} from './messages.js';
import { Saving } from './saving/saving.js';
import { requireStages, roomFor } from './stages/stage-states.js';
import type { TrainingContext } from './stages/training-context.js';
import { type CheckpointWish, TrainingLoop } from './training-loop.js';
import { warmUp } from './warm-up/warm-up.js';

export interface TrainingParts {
  readonly start: TrainingStart;
  readonly tell: (message: FromTraining) => void;
  readonly cancellation?: Cancellation;
  readonly activity?: Activity;
  readonly startWriter?: typeof startCheckpointWriter;
}

/** What `load`, `copy-begin`, `copy-end` and `enter` find, one after the other. */
interface Opened {
  readonly context: TrainingContext;
  readonly saving: Saving;
}

/** Codes of errors that say that a generation is over for this member, and nothing of the training. */
const endsGeneration: ReadonlySet<string> = new Set([
  'PEER_LOST',
  'PEER_TIMEOUT',
  'EXCHANGE_ABORTED',
  'FRAME_INVALID',
  'ABORTED',
]);

export class Training {
  readonly #start: TrainingStart;
  readonly #tell: (message: FromTraining) => void;
  readonly #cancellation: Cancellation;
  readonly #activity: Activity;
  readonly #startWriter: typeof startCheckpointWriter;
  readonly #inbox = new BatchInbox(step(0));
  /** Plans that came before the dataset was open. */
  readonly #early: LanePlan[] = [];
  readonly #snapshot: Snapshot;
  #assembler: BatchAssembler | null = null;
  #saving: Saving | null = null;
  #opened: Promise<Opened>;
  #resolveOpened: (opened: Opened) => void = () => undefined;
  /** The last order that takes its turn. */
  #turn: Promise<void> = Promise.resolve();
  #held: Held | null = null;
  /** Filled from outside. */
  #room: HostState | null = null;
  #inside: Membership | null = null;
  /** That was entered last. */
  #newest = generationOf(0);
  /** Every step is done and in a checkpoint: what is left may be given up at any moment. */
  #isLast = false;
  /** The generation is done with; whoever is planned next may have this member. */
  #isDone = false;
  #stop = false;
  readonly #checkpointWish: CheckpointWish = { steps: null };
  /** Of the generation that it is in, while its steps last. */
  #loop: TrainingLoop | null = null;
  #change = 0;
  /** Committed steps of those that training could not go back to. */
  readonly #lostCheckpoints = new Set<number>();
  readonly #over: Promise<void>;
  #end: () => void = () => undefined;
  /** Ends training with an error that did not come out of a step. */
  #break: (error: Error) => void = () => undefined;

  constructor({ start, tell, cancellation, activity, startWriter }: TrainingParts) {
    this.#start = start;
    this.#tell = tell;
    this.#cancellation = cancellation ?? new Cancellation();
    this.#activity = activity ?? new Activity();
    this.#startWriter = startWriter ?? startCheckpointWriter;
    this.#opened = new Promise((resolve) => {
      this.#resolveOpened = resolve;
    });
    this.#over = new Promise((resolve, reject) => {
      this.#end = resolve;
      this.#break = reject;
    });
    this.#snapshot = new Snapshot(tell);
  }

  get committedSteps(): number {
    return this.#held?.committedSteps ?? 0;
  }

  /** @throws whatever ended training early; the committed steps before it stand. */
  async run(): Promise<void> {
    try {
      const opened = await Promise.race([this.#open(), this.#over.then(() => null)]);
      if (opened !== null) {
        this.#resolveOpened(opened);
        this.#tell({ kind: 'opened' });
      }
      await this.#over;
    } finally {
      this.#leave('the training ends');
      await this.#assembler?.close();
      await this.#saving?.close();
      this.#held?.current.model.dispose();
    }
  }

  receive(message: ToTraining): void {
    switch (message.kind) {
      case 'plan':
        if (this.#assembler === null) this.#early.push(message.plan);
        else this.#assembler.assemble(message.plan);
        break;
      case 'warm-up':
        this.#inTurn((opened) => this.#warmUp(opened, message.committedSteps));
        break;
      case 'load':
        this.#inTurn((opened) => this.#load(opened, message.from));
        break;
      case 'copy-begin':
        this.#inTurn((opened) => this.#makeRoom(opened, message));
        break;
      case 'copy-end':
        this.#inTurn((opened) => this.#adopt(opened, message));
        break;
      case 'enter':
        this.#checkpointWish.steps = null;
        this.#inTurn((opened) => this.#enter(opened, message));
        break;
      case 'change':
        this.#change = Math.max(this.#change, message.generation);
        if (this.#isDone) this.#inside?.release();
        break;
      case 'abort':
        this.#cancellation.cancel(message.generation);
        if ((this.#inside?.generation ?? 0) <= message.generation) this.#leave(message.reason);
        break;
      case 'stop':
        this.#wishStop();
        break;
      case 'pause':
        this.#loop?.pause(message.paused);
        break;
      case 'checkpoint':
        this.#checkpointWish.steps = message.steps;
        this.#loop?.hearWish();
        break;
      case 'save':
        this.#inTurn((opened) => this.#save(opened));
        break;
      case 'snapshot':
        this.#snapshot.want(message.id, this.#held?.isWhole === true ? this.#held : null);
        break;
      case 'release':
        this.#snapshot.release(message.id);
        break;
      case 'end':
        this.#leave('the training ends');
        this.#end();
        break;
    }
  }

  /** Orders that change what is held wait for each other; whatever one throws ends training. */
  #inTurn(act: (opened: Opened) => Promise<void>): void {
    this.#turn = this.#turn.then(() => this.#opened).then(act);
    this.#turn.catch(this.#break);
  }

  /** Ends after the step that is under way; the last evaluation ends at once. */
  #wishStop(): void {
    this.#stop = true;
    // Nobody sends what this member would wait for: the others are asked to stop too.
    if (this.#isLast) this.#inside?.exchange.close();
  }

  /** Whatever waits for a batch or a peer fails now. */
  #leave(reason: string): void {
    this.#inside?.abort(reason);
    if (this.#inside !== null) this.#inbox.giveUp(new ExchangeAbortedError(reason));
  }

  async #open(): Promise<Opened> {
    const { job, datasetDirectory } = this.#start;
    const [cancellation, activity] = [this.#cancellation, this.#activity];
    const dataset = await openDataset(datasetDirectory, {
      verify: 'remembered',
      labels: readsLabels(job),
    });
    const { name, threads, mode, precision } = job.spec.engine;
    const engine = await openEngine(name, {
      threads,
      deterministic: mode === 'exact',
      tf32: precision !== 'f32',
      cancellation,
      activity,
    });
    const context: TrainingContext = {
      start: this.#start,
      dataset,
      engine,
      arithmetic: openArithmetic(),
      cancellation,
      activity,
      stages: stagesOf(job, trainingView(dataset)),
      digests: { jobDigest: jobDigest(job), datasetDigest: dataset.digest },
      tell: (fact) => this.#tellFact(fact),
      tellForAll: (fact) => {
        if (this.#inside?.rank === 0) this.#tellFact(fact);
      },
      pause: () => this.#pause(),
    };
    requireStages(context);
    // Texts are packed alike in all stages.
    this.#startAssembler(dataset, modelConfig(job, dataset.vocabularySize));
    const [startWriter, onFailed] = [this.#startWriter, this.#break];
    // Steps that no checkpoint will hold are not worth their time: the run hears of it now.
    this.#saving = new Saving({ context, startWriter, onFailed });
    return { context, saving: this.#saving };
  }

  /** Whatever goes wrong in it goes wrong again where it matters, or does not matter. */
  async #warmUp({ context }: Opened, committedSteps: number): Promise<void> {
    if (this.#held !== null) return;
    const begun = systemClock.now();
    let problem: string | null = null;
    // Older than any generation: whoever wants this thread for one cancels it.
    this.#cancellation.computeFor(generationOf(0));
    try {
      this.#room = await warmUp(context, committedSteps);
    } catch (error) {
      problem = (error as Error).message;
    } finally {
      this.#cancellation.computeFor(null);
    }
    this.#tell({ kind: 'warmed', seconds: (systemClock.now() - begun) / 1000, problem });
  }

  async #load({ context }: Opened, from: StateSource): Promise<void> {
    this.#drop();
    this.#room = null;
    this.#hold(
      from.kind === 'seed'
        ? await Held.ofSeed(context)
        : await Held.ofCheckpoint(context, from.path),
    );
  }

  async #makeRoom(
    { context }: Opened,
    { position, header }: Extract<ToTraining, { kind: 'copy-begin' }>,
  ): Promise<void> {
    const given = this.#held?.current.state ?? this.#room;
    this.#drop();
    this.#room = roomFor(context, decodeStateHeader(header), given);
    const { parameters, firstMoments, secondMoments } = this.#room;
    this.#tell({
      kind: 'copying',
      position,
      sections: { parameters, firstMoments, secondMoments },
    });
  }

  async #adopt(
    { context }: Opened,
    copied: Extract<ToTraining, { kind: 'copy-end' }>,
  ): Promise<void> {
    if (this.#room === null) {
      throw new Error('Cannot use a copied state: there is no room that it was copied to');
    }
    this.#hold(Held.ofMember(context, copied, this.#room));
    this.#room = null;
  }

  /** The engine gets the weights now: a member that stands by has time. */
  #hold(held: Held): void {
    this.#held = held;
    const { model, state } = held.current;
    model.load(state.parameters);
    this.#tell({ kind: 'holds', ...held.shared });
  }

  /** The next state may be an older one: from here on no batch is of a step that is over. */
  #drop(): void {
    this.#held?.current.model.dispose();
    this.#held = null;
    this.#inbox.begin(step(0));
  }

  async #enter(opened: Opened, entry: Entry): Promise<void> {
    const held = this.#held;
    if (held === null) throw new Error('Cannot enter a generation: no state is held');
    const { generation } = entry;
    if (this.#cancellation.isCancelled(generation)) {
      entry.links?.close();
      this.#tellLeft(entry, held, { how: 'abort', error: null });
      return;
    }
    const membership = new Membership(entry, opened.context.arithmetic);
    this.#inside = membership;
    this.#newest = generation;
    this.#cancellation.computeFor(generation);
    let leaving: Leaving;
    try {
      leaving = { how: await this.#takePart(opened, membership, held), error: null };
    } catch (error) {
      leaving = this.#afterLostCheckpoint(error) ?? leavingOf(error, membership.isAborted);
    } finally {
      this.#cancellation.computeFor(null);
      this.#inside = null;
      this.#isLast = this.#isDone = false;
      membership.close();
    }
    this.#tellLeft(entry, held, leaving);
    if (leaving.how === 'lost') this.#drop();
  }

  /** Null where it is another error, or where training has come by that checkpoint and it is lost again. */
  #afterLostCheckpoint(error: unknown): Leaving | null {
    if (!(error instanceof CheckpointLostError)) return null;
    const { code, committedSteps, message } = error;
    if (this.#lostCheckpoints.has(committedSteps)) return null;
    this.#lostCheckpoints.add(committedSteps);
    return { how: 'lost', error: { code, message } };
  }

  async #takePart(
    { context, saving }: Opened,
    membership: Membership,
    held: Held,
  ): Promise<'change' | 'abort'> {
    const { generation } = membership;
    const tell = (fact: Fact): void => this.#tell({ ...fact, generation });
    const [inbox, isStopWanted] = [this.#inbox, () => this.#stop];
    inbox.begin(step(held.committedSteps));
    // Another member writes them from here on; what is being written is finished.
    if (!membership.writes) saving.retire().catch(this.#break);
    const loop = new TrainingLoop({
      context,
      membership,
      held,
      inbox,
      saving,
      wishes: () => ({ stop: this.#stop, change: this.#change }),
      checkpointWish: this.#checkpointWish,
      onBoundary: () => this.#snapshot.take(held),
      tell,
    });
    this.#tell({ kind: 'entered', generation, position: held.position });
    this.#loop = loop;
    const end = await loop.run().finally(() => {
      this.#loop = null;
    });
    if (end === 'change') return end;
    await saving.settle();
    this.#isLast = true;
    await finishTogether({ context, membership, held, loop, isStopWanted, tell });
    this.#isDone = true;
    this.#snapshot.take(held);
    if (this.#change > generation) return 'change';
    return membership.ended;
  }

  /** Nobody else may hold this state: it is written down before it goes. */
  async #save({ saving }: Opened): Promise<void> {
    const held = this.#held;
    // What follows the last commit may not be left out: a checkpoint would say that it is done.
    const isWritten = held !== null && held.pending === null && held.committedSteps > 0;
    if (isWritten) {
      await saving.open(held);
      await saving.start(held, (fact) => this.#tell({ ...fact, generation: this.#newest }));
      await saving.settle();
    }
    this.#tell({ kind: 'saved', isWritten });
  }

  #tellLeft({ generation }: Entry, held: Held, leaving: Leaving): void {
    const { position } = held;
    this.#tell({ kind: 'left', generation, position, ...leaving });
    if (leaving.how === 'lost') return;
    this.#tell({ kind: 'holds', ...held.shared });
    this.#snapshot.take(held);
  }

  #tellFact(fact: Fact): void {
    const generation = this.#inside?.generation;
    if (generation !== undefined) this.#tell({ ...fact, generation });
  }

  /** Between batches of an evaluation: lets the thread hear what it was told meanwhile. */
  async #pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#inside?.requireInside();
    if (this.#isLast && this.#stop) throw new EvaluationStoppedError();
  }

  #startAssembler(catalogue: CatalogueTexts, format: ItemFormat): void {
    const { itemTokens, itemTokenOffsets } = catalogue;
    this.#assembler = startBatchAssembler(
      { catalogue: { itemTokens, itemTokenOffsets }, format },
      {
        onBatch: (batch) => this.#inbox.put(batch),
        onFailure: (error) => this.#inbox.fail(error),
      },
    );
    for (const plan of this.#early.splice(0)) this.#assembler.assemble(plan);
  }
}

/** @throws the error itself, where it says something of the training */
function leavingOf(error: unknown, isAborted: boolean): Leaving {
  const code = codeOf(error);
  if (!endsGeneration.has(code)) throw error;
  if (isAborted || code === 'ABORTED') return { how: 'abort', error: null };
  return { how: 'trouble', error: { code, message: (error as Error).message } };
}
