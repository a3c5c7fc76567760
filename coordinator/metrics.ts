/** What Prometheus sees of a job as a whole. docs/metrics.md lists the same; a test compares. */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { registerBuildInfo, registerProcessMetrics } from '../process/metrics/process-metrics.js';
import type { JobId } from '../shared/ids.js';
import type { GenerationRecord } from '../shared/membership/generation-record.js';
import {
  type ReportedMetrics,
  type ReportedStep,
  recoveryCause,
} from '../shared/messages/report-fields.js';
import type { Recovered } from '../shared/messages/run-events.js';
import type { StepReport } from './record/step-reports.js';
import { busy } from './recovery/find-straggler.js';

/** Of the time of a recovery: docs/elastic.md. */
const recoveryParts = ['detect', 'reform', 'resume', 'lost'] as const;

export class CoordinatorMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  /** Which program this is, once its engine is known. */
  readonly build = registerBuildInfo(this.registry);

  readonly committedSteps = this.#gauge(
    'committed_steps',
    'Optimizer updates that all members have applied',
  );
  readonly totalSteps = this.#gauge('total_steps', 'Committed steps at which training ends');
  readonly #members = this.#gauge('members', 'Workers that train');
  readonly membersMin = this.#gauge('members_min', 'Workers below which training waits');
  readonly paused = this.#gauge('paused', '1 while an operator has paused the run, else 0');
  readonly busConnected = this.#gauge(
    'bus_connected',
    '1 while the connection to nats-server is there, 0 while it is away',
  );
  readonly checkpointSteps = this.#gauge(
    'checkpoint_steps',
    'Committed steps of the newest checkpoint',
  );
  readonly #checkpointTime = this.#gauge(
    'checkpoint_timestamp_seconds',
    'When this coordinator last heard of a checkpoint, since 1970; 0 while it has not',
  );
  readonly plansAhead = this.#gauge('plan_steps_ahead', 'Published steps past the committed one');
  readonly plansPublished = this.#counter(
    'plans_published_total',
    'Lane plans stored in the stream',
  );
  readonly planBytes = this.#counter('plan_bytes_total', 'Bytes of plans stored in the stream');
  readonly plansPurged = this.#counter(
    'plan_messages_purged_total',
    'Messages of plans removed from the stream',
  );
  readonly filesPublished = this.#counter(
    'files_published_total',
    'Files of the dataset and of pretrained weights put into the object store',
  );
  readonly reports = new Counter({
    name: 'lockstep_reports_total',
    help: 'Reports of the run that were sent to LOCKSTEP_REPORT_URL',
    labelNames: ['result'],
    registers: this.#registers,
  });
  readonly refused = new Counter({
    name: 'lockstep_messages_refused_total',
    help: 'Messages that were malformed or came from strangers',
    labelNames: ['reason'],
    registers: this.#registers,
  });
  readonly planSeconds = new Histogram({
    name: 'lockstep_plan_seconds',
    help: 'Time to plan one step and store it',
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3],
    registers: this.#registers,
  });
  readonly stepSeconds = new Histogram({
    name: 'lockstep_step_seconds',
    help: 'Time between two committed steps',
    buckets: [0.03, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 100],
    registers: this.#registers,
  });
  readonly checkpointSeconds = new Histogram({
    name: 'lockstep_checkpoint_seconds',
    help: 'Time to write a checkpoint',
    buckets: [0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
    registers: this.#registers,
  });

  readonly generation = this.#gauge('generation', 'Number of the newest membership');
  readonly #lanes = new Gauge({
    name: 'lockstep_worker_lanes',
    help: 'Lanes of a step that each worker owns',
    labelNames: ['worker'],
    registers: this.#registers,
  });
  readonly rollbacks = this.#counter(
    'rollbacks_total',
    'Returns to an older checkpoint because training had collapsed',
  );
  readonly #fence = this.#gauge('leader_fence', 'Number of the leadership of this coordinator');
  readonly leader = this.#gauge('leader', '1 while this coordinator leads, 0 while it stands by');
  readonly #recoverySeconds = new Histogram({
    name: 'lockstep_recovery_seconds',
    help: 'What a change of the members, the leader or the bus took, by part and cause',
    labelNames: ['part', 'cause'],
    buckets: [0.01, 0.03, 0.1, 0.2, 0.5, 1, 2, 3, 5, 10, 30],
    registers: this.#registers,
  });
  readonly #computeSeconds = new Gauge({
    name: 'lockstep_worker_compute_seconds',
    help: 'What each worker computed of the last recorded step, without waiting for peers',
    labelNames: ['worker'],
    registers: this.#registers,
  });
  readonly #straggler = new Gauge({
    name: 'lockstep_straggler_info',
    help: 'Always 1; the label says which worker holds up the others',
    labelNames: ['worker'],
    registers: this.#registers,
  });

  readonly #evaluation = new Gauge({
    name: 'lockstep_evaluation_value',
    help: 'Value of an evaluation metric in the last evaluation',
    labelNames: ['split', 'model', 'metric', 'cutoff'],
    registers: this.#registers,
  });
  readonly #stage = new Gauge({
    name: 'lockstep_stage_info',
    help: 'Always 1; the label says which stage of the job the last committed step is of',
    labelNames: ['stage'],
    registers: this.#registers,
  });
  readonly #loss = this.#gauge('loss', 'Loss of the last committed step');
  readonly #gradientNorm = this.#gauge('gradient_norm', 'Global gradient norm before clipping');
  readonly #learningRate = this.#gauge('learning_rate', 'Learning rate of the last committed step');
  readonly #logitScale = this.#gauge('logit_scale', 'Learned logarithm of the inverse temperature');
  readonly #liveNegatives = this.#gauge(
    'live_negatives',
    'Mean count of negatives of a prediction that were not left out as false',
  );
  readonly #itemCosine = this.#gauge(
    'item_cosine',
    'Mean cosine of two different items of the last committed step',
  );
  readonly #top1 = this.#gauge(
    'top1_ratio',
    'Share of predictions whose positive had the highest logit',
  );
  readonly #measure = new Gauge({
    name: 'lockstep_measure',
    help: 'What the objective reports of the last committed step, by its name in the history',
    labelNames: ['measure'],
    registers: this.#registers,
  });
  readonly #users = this.#counter('users_total', 'User sequences trained on');
  readonly #predictions = this.#counter('predictions_total', 'Next items predicted');
  readonly #itemTokens = this.#counter('item_tokens_total', 'Text tokens of items encoded');
  readonly #items = this.#counter('items_total', 'Distinct items encoded, counted once a step');

  constructor(job: JobId) {
    this.registry.setDefaultLabels({ training_job: job });
    registerProcessMetrics(this.registry);
    // Prometheus sees a growth only between two readings: from nothing to 1 is none.
    for (const cause of recoveryCause.options) {
      for (const part of recoveryParts) this.#recoverySeconds.zero({ part, cause });
    }
  }

  committed(report: ReportedStep): void {
    this.committedSteps.set(report.step + 1);
    this.#stage.reset();
    if (report.stage !== null) this.#stage.set({ stage: report.stage }, 1);
    this.#loss.set(report.loss);
    this.#gradientNorm.set(report.gradientNorm);
    this.#learningRate.set(report.learningRate);
    const { logit_scale, live_negatives, top1, predictions } = report.measures;
    if (logit_scale !== undefined) this.#logitScale.set(logit_scale);
    if (live_negatives !== undefined) this.#liveNegatives.set(live_negatives);
    if (top1 !== undefined) this.#top1.set(top1);
    for (const [measure, value] of Object.entries(report.measures)) {
      this.#measure.set({ measure }, value);
    }
    this.#itemCosine.set(report.itemCosine);
    this.#users.inc(report.sequences);
    this.#predictions.inc(predictions ?? 0);
    this.#itemTokens.inc(report.itemTokens);
    this.#items.inc(report.distinctItems);
  }

  /** This process leads from here on. */
  leads(fence: number, record: GenerationRecord | null): void {
    this.#fence.set(fence);
    this.generation.set(record?.generation ?? 0);
    // Members go on where only the leader is another one: no generation begins that would tell them.
    this.train(record?.members ?? []);
    this.leader.set(1);
  }

  train(members: GenerationRecord['members']): void {
    this.#members.set(members.length);
    this.#lanes.reset();
    for (const { worker, lanes } of members) this.#lanes.set({ worker }, lanes);
  }

  /** @param time ISO 8601, of the wall clock */
  checkpointed(committedSteps: number, seconds: number, time: string): void {
    this.checkpointSteps.set(committedSteps);
    this.checkpointSeconds.observe(seconds);
    this.#checkpointTime.set(Date.parse(time) / 1000);
  }

  recovered({ cause, detectSeconds, reformSeconds, resumeSeconds, lostSeconds }: Recovered): void {
    const seconds: Record<(typeof recoveryParts)[number], number> = {
      detect: detectSeconds,
      reform: reformSeconds,
      resume: resumeSeconds,
      lost: lostSeconds,
    };
    for (const part of recoveryParts) this.#recoverySeconds.observe({ part, cause }, seconds[part]);
  }

  timesOf(reports: readonly StepReport[], straggler: string | null): void {
    this.#computeSeconds.reset();
    for (const { worker, report } of reports) this.#computeSeconds.set({ worker }, busy(report));
    this.#straggler.reset();
    if (straggler !== null) this.#straggler.set({ worker: straggler }, 1);
  }

  /** `recall@10` is the metric `recall` at the cutoff `10`. */
  evaluated(results: readonly ReportedMetrics[]): void {
    for (const { split, model, values } of results) {
      for (const [name, value] of Object.entries(values)) {
        const [metric = '', cutoff = ''] = name.split('@');
        this.#evaluation.set({ split, model, metric, cutoff }, value);
      }
    }
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name: `lockstep_${name}`, help, registers: this.#registers });
  }

  #counter(name: string, help: string): Counter {
    return new Counter({ name: `lockstep_${name}`, help, registers: this.#registers });
  }
}
