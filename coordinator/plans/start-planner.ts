/** The planner thread as the coordinator sees it: a source of plans that never blocks. */
import { Worker } from 'node:worker_threads';
import type { Step } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { JobPlan, PlannedStep, PlanSource } from './plan-source.js';
import type { FromPlanner, ToPlanner } from './planner-messages.js';

/** What the thread failed of, with the code that it had there. */
export class PlannerError extends Error {
  override readonly name = 'PlannerError';
  readonly code: string;

  constructor(code: string, message: string, stack?: string) {
    super(message);
    this.code = code;
    if (stack !== undefined) this.stack = stack;
  }
}

/**
 * Starts the thread in the file at `entry`; resolves when it has opened the dataset.
 *
 * @throws PlannerError
 */
export async function startPlanner(
  entry: URL,
  job: TrainingJob,
  datasetDirectory: string,
): Promise<JobPlan> {
  const planner = new PlannerThread(entry, job, datasetDirectory);
  return { ...(await planner.opened), plans: planner };
}

interface Waiting {
  readonly resolve: (plan: PlannedStep) => void;
  readonly reject: (error: Error) => void;
}

type Opened = Omit<Extract<FromPlanner, { kind: 'opened' }>, 'kind'>;

class PlannerThread implements PlanSource {
  readonly opened: Promise<Opened>;
  readonly #thread: Worker;
  /** In the order of the questions, which is the order of the answers. */
  readonly #waiting: Waiting[] = [];
  #failure: Error | null = null;

  constructor(entry: URL, job: TrainingJob, datasetDirectory: string) {
    this.#thread = new Worker(entry, { workerData: { job, datasetDirectory }, name: 'planner' });
    this.opened = new Promise((resolve, reject) => {
      this.#thread.on('message', (message: FromPlanner) => {
        if (message.kind === 'opened') resolve(message);
        else if (message.kind === 'planned') this.#waiting.shift()?.resolve(message.plan);
        else this.#fail(new PlannerError(message.code, message.message, message.stack), reject);
      });
      this.#thread.on('error', (error) => this.#fail(error, reject));
      this.#thread.once('exit', (code) =>
        this.#fail(new Error(`The planner thread ended with code ${code}`), reject),
      );
    });
  }

  plan(step: Step): Promise<PlannedStep> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) {
        reject(this.#failure);
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#thread.postMessage({ step } satisfies ToPlanner);
    });
  }

  async close(): Promise<void> {
    await this.#thread.terminate();
  }

  /** The first failure counts: the thread's end follows from it. */
  #fail(error: Error, reject: (error: Error) => void): void {
    this.#failure ??= error;
    reject(this.#failure);
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#failure);
  }
}
