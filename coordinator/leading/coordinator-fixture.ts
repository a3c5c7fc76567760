/** For tests: coordinators and scripted workers on a bus in memory, in a time that the test turns. */
import { MemoryHub } from '../../shared/bus-memory.js';
import { silentLog } from '../../shared/log.js';
import {
  decodeGeneration,
  type GenerationRecord,
} from '../../shared/membership/generation-record.js';
import { decodeLogEntry, type Happening } from '../../shared/messages/cluster/log-entry.js';
import {
  claimsBucket,
  everyPlanSubject,
  generationKey,
  logStream,
  planStream,
} from '../../shared/subjects.js';
import { millis } from '../../shared/units.js';
import type { WorkersWanted } from '../membership/cluster-view.js';
import { CoordinatorMetrics } from '../metrics.js';
import { FilesPublisher } from '../plans/files-publisher.js';
import { emptyPlans, run, settle } from '../run-fixture.js';
import { Coordinator } from './coordinator.js';
import type { CoordinatorOutcome, CoordinatorParts, Prepared } from './coordinator-parts.js';
import { defaultGrace } from './decide-leave.js';
import { ScriptedWorker } from './scripted-worker-fixture.js';

const tick = 50;

export interface Standing {
  readonly coordinator: Coordinator;
  readonly name: string;
  outcome: CoordinatorOutcome | null;
  /** Its process stands still, or is dead. */
  frozen: boolean;
}

export class CoordinatedCluster {
  readonly hub: MemoryHub;
  readonly workers: ScriptedWorker[] = [];
  readonly coordinators: Standing[] = [];
  readonly #outside;
  #now = 0;
  #saidAt = 0;

  constructor() {
    const clock = { now: () => millis(this.#now) };
    this.hub = new MemoryHub(clock);
    this.#outside = this.hub.open();
  }

  get now(): number {
    return this.#now;
  }

  async coordinator(
    wanted: Partial<WorkersWanted> = {},
    changes: Partial<CoordinatorParts> & Partial<Pick<Prepared, 'plans' | 'totalSteps'>> = {},
  ): Promise<Standing> {
    const bus = this.hub.open();
    const name = `c${this.coordinators.length}`;
    const { totalSteps = 20, plans = emptyPlans, ...parts } = changes;
    const coordinator = new Coordinator({
      bus,
      clock: { now: () => millis(this.#now) },
      time: () => new Date(Date.UTC(2026, 0, 1) + this.#now).toISOString(),
      log: silentLog,
      metrics: new CoordinatorMetrics(run.job),
      filesPublisher: new FilesPublisher({ bus, run, onFile: () => undefined }),
      run,
      name,
      owner: { host: 'h', pid: 1, boot: null, pidNamespace: null, startTicks: null },
      liveness: () => 'unknown',
      token: name,
      description: {
        job: {},
        jobSha256: 'b'.repeat(64),
        checkpoints: null,
        resume: null,
        evaluate: false,
      },
      workers: { replicas: 2, min: 1, max: 8, lanes: 2, shares: 'even', ...wanted },
      goesOnBehindEnd: changes.description?.resume != null,
      checkpointRequired: false,
      grace: defaultGrace,
      prepared: Promise.resolve({
        dataset: { directory: '/d', digest: 'd' },
        totalSteps,
        plans,
      }),
      sweep: async () => [],
      note: () => undefined,
      ...parts,
    });
    const standing: Standing = { coordinator, name, outcome: null, frozen: false };
    this.coordinators.push(standing);
    await coordinator.start();
    void coordinator.outcome.then((outcome) => {
      standing.outcome = outcome;
    });
    return standing;
  }

  worker(name: string, life = 1): ScriptedWorker {
    const worker = new ScriptedWorker(this.hub.open(), run, name, life);
    this.workers.push(worker);
    worker.say();
    return worker;
  }

  async pass(milliseconds: number): Promise<void> {
    for (const end = this.#now + milliseconds; this.#now < end; ) {
      this.#now += tick;
      const repeats = this.#now - this.#saidAt >= 500;
      if (repeats) this.#saidAt = this.#now;
      if (repeats) for (const worker of this.workers) worker.repeat();
      for (const { coordinator, frozen } of this.coordinators) if (!frozen) coordinator.tick();
      await settle();
    }
  }

  /** Everyone who trains commits so many steps. */
  async steps(count: number): Promise<void> {
    for (let step = 0; step < count; step++) {
      for (const worker of this.workers) {
        if (worker.phase === 'training' && !worker.frozen) worker.commit();
      }
      await this.pass(100);
    }
  }

  async record(): Promise<GenerationRecord | null> {
    const values = await this.#outside.openValues(claimsBucket);
    const found = await values.get(generationKey(run));
    return found === null ? null : decodeGeneration(found.data);
  }

  async log(): Promise<{ fence: number; entry: Happening }[]> {
    const entries: { fence: number; entry: Happening }[] = [];
    const log = await this.#outside.openLog(logStream(run));
    const reader = await log.read(1, (data) => entries.push(decodeLogEntry(data)));
    await settle();
    reader.close();
    return entries;
  }

  /** As a stranger does. */
  async removeLog(): Promise<void> {
    const log = await this.#outside.openLog(logStream(run));
    await log.remove();
  }

  async entries<Kind extends Happening['kind']>(
    kind: Kind,
  ): Promise<Extract<Happening, { kind: Kind }>[]> {
    return (await this.log())
      .map(({ entry }) => entry)
      .filter((entry): entry is Extract<Happening, { kind: Kind }> => entry.kind === kind);
  }

  /** Steps whose plans are in the stream now. */
  async plannedSteps(): Promise<number[]> {
    const found = new Set<number>();
    const stream = await this.#outside.openStream(planStream(run));
    const reader = await stream.read([everyPlanSubject(run)], (_, subject) =>
      found.add(Number(subject.split('.').at(-2))),
    );
    await settle();
    reader.close();
    return [...found].sort((x, y) => x - y);
  }

  async committed(): Promise<number[]> {
    return (await this.entries('committed')).map(({ report }) => report.step);
  }
}

/** Two workers that train, and whatever a test adds. */
export async function trainingCluster(
  wanted: Partial<WorkersWanted> = {},
  changes: Parameters<CoordinatedCluster['coordinator']>[1] = {},
): Promise<CoordinatedCluster> {
  const cluster = new CoordinatedCluster();
  await cluster.coordinator(wanted, changes);
  cluster.worker('w0');
  cluster.worker('w1');
  await cluster.pass(1000);
  return cluster;
}
