/** What Prometheus sees of one worker. docs/metrics.md lists the same; a test compares. */
import { Counter, Gauge, Registry } from 'prom-client';
import { registerBuildInfo, registerProcessMetrics } from '../process/metrics/process-metrics.js';
import type { JobId, WorkerId } from '../shared/ids.js';
import type { StepReport } from './training/messages.js';

/** Bytes that the links have moved since they were opened, by kind of message. */
export interface LinkBytes {
  readonly sent: Readonly<Record<string, number>>;
  readonly received: Readonly<Record<string, number>>;
}

export class WorkerMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  /** Which program this is, once its engine is known. */
  readonly build = registerBuildInfo(this.registry);

  // No histogram: one for each phase of each worker would be thousands of series in a large run.
  readonly #phaseSeconds = new Counter({
    name: 'lockstep_worker_step_phase_seconds_total',
    help: 'Time of this member in each phase of its steps',
    labelNames: ['phase'],
    registers: this.#registers,
  });
  readonly #steps = this.#counter(
    'steps_total',
    'Optimizer updates applied, those of steps trained again included',
  );
  readonly refused = new Counter({
    name: 'lockstep_worker_messages_refused_total',
    help: 'Messages and plans that were malformed or came on the wrong subject',
    labelNames: ['reason'],
    registers: this.#registers,
  });
  readonly plansReceived = this.#counter('plans_received_total', 'Lane plans read from the stream');
  readonly lanesPerSecond = this.#gauge(
    'lanes_per_second',
    'Speed of the last steps without what this worker waited for',
  );
  readonly checkpointSeconds = this.#gauge(
    'checkpoint_seconds',
    'Time that the last checkpoint took',
  );

  readonly #situation = new Gauge({
    name: 'lockstep_worker_situation',
    help: '1 for the situation that the worker is in',
    labelNames: ['situation'],
    registers: this.#registers,
  });
  readonly #generation = this.#gauge('generation', 'Generation that the worker is a member of');
  readonly #committedSteps = this.#gauge('committed_steps', 'Optimizer updates applied');
  readonly #loss = this.#gauge('loss', 'Loss of the last committed step');
  readonly #gradientNorm = this.#gauge('gradient_norm', 'Global gradient norm before clipping');
  readonly #learningRate = this.#gauge('learning_rate', 'Learning rate of the last committed step');
  readonly #liveNegatives = this.#gauge(
    'live_negatives',
    'Mean count of negatives of a prediction that were not left out as false',
  );
  readonly #users = this.#counter('users_total', 'User sequences of the whole steps committed');
  readonly #itemTokens = this.#counter(
    'item_tokens_total',
    'Item tokens of the whole steps committed',
  );
  readonly #peerWait = this.#counter(
    'peer_wait_seconds_total',
    'Time that training waited for peers',
  );
  readonly #planWait = this.#counter(
    'plan_wait_seconds_total',
    'Time that training waited for plans',
  );

  constructor(job: JobId, worker: WorkerId, linkBytes: () => Promise<LinkBytes>) {
    this.registry.setDefaultLabels({ training_job: job, worker });
    registerProcessMetrics(this.registry);
    this.#linkBytes('sent', 'Bytes sent to peers', async () => (await linkBytes()).sent);
    this.#linkBytes(
      'received',
      'Bytes received from peers',
      async () => (await linkBytes()).received,
    );
  }

  /** @param generation null where it is a member of none */
  situated(situation: string, generation: number | null): void {
    this.#situation.reset();
    this.#situation.set({ situation }, 1);
    if (generation !== null) this.#generation.set(generation);
  }

  committed(report: StepReport): void {
    this.#committedSteps.set(report.step + 1);
    this.#steps.inc();
    this.#loss.set(report.loss);
    this.#gradientNorm.set(report.gradientNorm);
    this.#learningRate.set(report.learningRate);
    const { live_negatives } = report.measures;
    if (live_negatives !== undefined) this.#liveNegatives.set(live_negatives);
    this.#users.inc(report.sequences);
    this.#itemTokens.inc(report.itemTokens);
    this.#peerWait.inc(report.waitSeconds);
    this.#planWait.inc(report.phaseSeconds.plan);
    for (const [phase, seconds] of Object.entries(report.phaseSeconds)) {
      this.#phaseSeconds.inc({ phase }, seconds);
    }
  }

  /** The links count; they are read when Prometheus asks. */
  #linkBytes(
    direction: 'sent' | 'received',
    help: string,
    read: () => Promise<Readonly<Record<string, number>>>,
  ): void {
    new Counter({
      name: `lockstep_worker_link_${direction}_bytes_total`,
      help,
      labelNames: ['kind'],
      registers: this.#registers,
      async collect() {
        const counts = await read();
        this.reset();
        for (const [kind, bytes] of Object.entries(counts)) this.inc({ kind }, bytes);
      },
    });
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `lockstep_worker_${name}`, help, registers: this.#registers });
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `lockstep_worker_${name}`, help, registers: this.#registers });
  }
}
