/** A worker's main thread over a bus in memory, with a leader, a thread and links that the test plays. */
import { MessageChannel } from 'node:worker_threads';
import { MemoryHub } from '../../../shared/bus-memory.js';
import { jobId, lane, runId, step } from '../../../shared/ids.js';
import { resolveJob } from '../../../shared/job-spec/job-spec.js';
import { nothingTrained, noUsers } from '../../../shared/ledger/ledger-record-fixture.js';
import { silentLog } from '../../../shared/log.js';
import type { GenerationRecord } from '../../../shared/membership/generation-record.js';
import type { Position } from '../../../shared/membership/position.js';
import { encodeLeaderMessage, type Lead } from '../../../shared/messages/cluster/from-leader.js';
import {
  decodeWorkerMessage,
  type NumberedReport,
  type WorkerMessage,
  type WorkerStatus,
} from '../../../shared/messages/cluster/from-worker.js';
import { encodeLogEntry, type Happening } from '../../../shared/messages/cluster/log-entry.js';
import { splitMessage } from '../../../shared/messages/parts.js';
import { type EncodedPart, encodeStepPlan } from '../../../shared/messages/step-plan-message.js';
import { encodeClaim } from '../../../shared/run/claim.js';
import { encodeDescription } from '../../../shared/run/run-description.js';
import {
  claimKey,
  claimsBucket,
  coordinatorSubject,
  descriptionKey,
  everyPlanSubject,
  everyWorkerSubject,
  logStream,
  logSubject,
  type PlanPart,
  planStream,
  planSubject,
} from '../../../shared/subjects.js';
import { millis } from '../../../shared/units.js';
import { PublicationPermit } from '../../checkpoint/store/publication-permit.js';
import { WorkerMetrics } from '../../metrics.js';
import { type FromTraining, phases, type ToTraining } from '../../training/messages.js';
import { lead, me, self } from '../situation/situation-fixture.js';
import { PermitLease } from './permit-lease.js';
import { WorkerControl } from './worker-control.js';
import type {
  BusyThread,
  CopyRequest,
  LinkTraffic,
  StateOffer,
  WorkerNews,
} from './worker-parts.js';

export const run = { job: jobId('test'), run: runId('t0123456789abcdef') };
const laneCount = 4;

const jobText = {
  apiVersion: 'lockstep.dev/v1alpha1',
  kind: 'TrainingJob',
  metadata: { name: 'test' },
  spec: { data: { path: 'd' }, lanes: laneCount },
};

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Digest of the job that is trained. */
const claimed = 'a'.repeat(64);

export class Stage {
  readonly hub = new MemoryHub();
  readonly leader = this.hub.open();
  readonly heard: WorkerMessage[] = [];
  readonly posted: ToTraining[] = [];
  readonly aborted: number[] = [];
  readonly connects: number[] = [];
  readonly prepares: number[] = [];
  readonly drops: number[] = [];
  readonly served: (Position | null)[] = [];
  readonly copies: CopyRequest[] = [];
  readonly news: WorkerNews[] = [];
  readonly killed: string[] = [];
  readonly permit = new PublicationPermit();
  /** What the worker's checkpoints are found to be. */
  checkpoint: { path: string; committedSteps: number } | null = null;
  /** Of its links, whichever generation is asked for. */
  traffic: readonly LinkTraffic[] = [];
  /** The digest of files that this machine lacks. */
  lacks: string | null = null;
  busy: BusyThread | null = null;
  now = 0;
  terminated = false;
  #tellControl: (message: FromTraining) => void = () => undefined;
  crash: (error: Error) => void = () => undefined;
  #trouble: Parameters<ConstructorParameters<typeof WorkerControl>[0]['links']['onTrouble']>[0] =
    () => undefined;
  readonly #ends: ((offer: StateOffer | Error) => void)[] = [];
  readonly control: WorkerControl;

  constructor() {
    this.leader.subscribe(everyWorkerSubject(run), (data) =>
      this.heard.push(decodeWorkerMessage(data)),
    );
    const { worker, incarnation, grace } = self;
    const readings = () => ({ monotonic: millis(this.now), wall: millis(this.now) });
    this.control = new WorkerControl({
      bus: this.hub.open(),
      clock: { now: () => millis(this.now) },
      log: silentLog,
      metrics: new WorkerMetrics(run.job, worker, async () => ({ sent: {}, received: {} })),
      job: run.job,
      run: null,
      ...{ worker, incarnation, grace, pid: 1, host: 'here', secretMark: null },
      permit: new PermitLease(this.permit, readings),
      prepare: async ({ requestFiles }) => {
        if (this.lacks !== null) await requestFiles(this.lacks);
        return {
          job: resolveJob(jobText),
          start: {
            job: resolveJob(jobText),
            datasetDirectory: '/d',
            cacheDirectory: null,
            checkpointDirectory: '/c',
            pretrained: { item: null, user: null },
            totalSteps: 20,
            evaluate: false,
          },
        };
      },
      findCheckpoint: async () => this.checkpoint,
      tell: (news) => this.news.push(news),
      kill: (reason) => this.killed.push(reason),
      openTraining: (_, { onMessage, onCrash }) => {
        this.#tellControl = onMessage;
        this.crash = onCrash;
        return {
          post: (message) => this.posted.push(message),
          abort: (generation) => this.aborted.push(generation),
          busyFor: () => this.busy,
          terminate: async () => {
            this.terminated = true;
            return true;
          },
        };
      },
      links: {
        address: 'h:1001',
        prepare: ({ generation }) => this.prepares.push(generation),
        connect: async ({ generation }) => {
          this.connects.push(generation);
          return new MessageChannel().port1;
        },
        drop: (generation) => this.drops.push(generation),
        traffic: async () => this.traffic,
        onTrouble: (listener) => {
          this.#trouble = listener;
        },
        serve: (state) => this.served.push(state?.position ?? null),
        copy: (request) => {
          this.copies.push(request);
          return new Promise((resolve, reject) => {
            this.#ends.push((end) => (end instanceof Error ? reject(end) : resolve(end)));
          });
        },
      },
    });
  }

  /** The worker has begun, and the run is described. */
  static async open(): Promise<Stage> {
    const stage = new Stage();
    await stage.describe();
    stage.control.start();
    await stage.pass(100);
    stage.tell({ kind: 'opened' });
    return stage;
  }

  /** @param jobSha256 of the job that the description is of; the claim's is its own */
  async describe(jobSha256 = claimed): Promise<void> {
    await this.leader.ensureStream(planStream(run), everyPlanSubject(run));
    const values = await this.leader.openValues(claimsBucket);
    const owner = { host: 'h', pid: 1, boot: null, pidNamespace: null, startTicks: null };
    const claim = encodeClaim({
      run: run.run,
      token: 't',
      since: 'now',
      owner,
      jobSha256: claimed,
      fence: 1,
    });
    await values.put(claimKey(run), claim, (await values.get(claimKey(run)))?.revision ?? 0);
    const description = encodeDescription({
      job: jobText,
      jobSha256,
      dataset: { directory: '/d', digest: 'digest' },
      totalSteps: 20,
      checkpoints: '/c',
      resume: null,
      evaluate: false,
    });
    const known = await values.get(descriptionKey(run));
    await values.put(descriptionKey(run), description, known?.revision ?? 0);
  }

  /** Time passes, with ticks as often as a process has them. */
  async pass(long: number): Promise<void> {
    for (let passed = 0; passed < long; passed += 100) {
      this.now += Math.min(100, long - passed);
      this.control.tick();
      await settle();
    }
  }

  async lead(record: GenerationRecord | null, more: Partial<Lead> = {}): Promise<void> {
    this.leader.publish(coordinatorSubject(run), encodeLeaderMessage(lead(record, more)));
    await settle();
  }

  /** The run's log gets this entry. */
  async logs(entry: Happening): Promise<void> {
    const log = await this.leader.ensureLog(logStream(run), logSubject(run));
    await log.append(encodeLogEntry({ fence: 1, time: 'now', entry }), await log.last());
  }

  tell(message: FromTraining): void {
    this.#tellControl(message);
  }

  holds(position: Position): void {
    const empty = new Float32Array(new SharedArrayBuffer(4));
    const sections = { parameters: empty, firstMoments: empty, secondMoments: empty };
    this.tell({ kind: 'holds', position, header: 'h', sections });
  }

  leaves(generation: number, position: Position): void {
    const left = { kind: 'left', how: 'abort', error: null, position } as const;
    this.tell({ ...left, generation: generation as never });
    this.holds(position);
  }

  trouble(generation: number, peer: number, how: 'closed' | 'unreachable' = 'closed'): void {
    this.#trouble({ generation: generation as never, peer: peer as never, how, detail: 'gone' });
  }

  /** The newest copy that was asked for ends so. */
  async endCopy(end: StateOffer | Error): Promise<void> {
    this.#ends.at(-1)?.(end);
    await settle();
  }

  commits(of: number, generation = 1): void {
    this.tell({ kind: 'committed', generation: generation as never, report: reportOf(of) });
  }

  /** All parts of a step's plan. */
  async publish(of: number, negative = 0): Promise<void> {
    const stream = await this.leader.ensureStream(planStream(run), everyPlanSubject(run));
    const plan = planOf(of, negative);
    const parts: [PlanPart, EncodedPart][] = [
      ['shared', plan.shared],
      ...plan.lanes.map((part, index): [PlanPart, EncodedPart] => [lane(index), part]),
    ];
    for (const [part, { bytes }] of parts) {
      for (const [piece, data] of splitMessage(bytes, this.leader.maxPayload).entries()) {
        const id = `${of}/${part}/${piece}/${negative}`;
        await stream.publish(planSubject(run, step(of), part), data, id);
      }
    }
    await settle();
  }

  async loseStream(): Promise<void> {
    const stream = await this.leader.openStream(planStream(run));
    await stream.remove();
    await settle();
  }

  get statuses(): WorkerStatus[] {
    return this.heard.filter((message) => message.kind === 'status');
  }

  get status(): WorkerStatus {
    return this.statuses.at(-1) as WorkerStatus;
  }

  get reports(): NumberedReport[] {
    return this.heard.filter((message) => message.kind === 'report');
  }

  get orders(): string[] {
    return this.posted.map(({ kind }) => kind);
  }

  /** `step/lane` of the plans that training got. */
  get plans(): string[] {
    return this.posted.flatMap((message) =>
      message.kind === 'plan' ? [`${message.plan.step}/${message.plan.lane}`] : [],
    );
  }
}

function planOf(of: number, negative: number) {
  return encodeStepPlan(
    {
      step: step(of),
      lanes: laneCount,
      itemLaneOffsets: Int32Array.from({ length: laneCount + 1 }, (_, index) => index),
      negatives: Int32Array.of(negative),
    },
    Array.from({ length: laneCount }, (_, index) => ({
      step: step(of),
      lane: lane(index),
      lanes: laneCount,
      items: Int32Array.of(negative),
      users: new Int32Array(),
      sequenceOffsets: new Int32Array(1),
      sequenceRows: new Int32Array(),
      lossScale: 0,
      targets: null,
    })),
  );
}

const phaseSeconds = Object.fromEntries(phases.map((phase) => [phase, 0.1])) as never;

const reportOf = (of: number) =>
  ({
    step: step(of),
    stage: null,
    loss: 1,
    sequences: 1,
    itemTokens: 1,
    distinctItems: 1,
    measures: {},
    itemCosine: 0,
    gradientNorm: 1,
    learningRate: 1,
    phaseSeconds,
    waitSeconds: 0,
    lanes: Array.from({ length: laneCount }, () => noUsers),
    ...nothingTrained,
  }) as Extract<FromTraining, { kind: 'committed' }>['report'];

export { me };
