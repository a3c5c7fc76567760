/** The calls of MLflow's REST API (2.0) that a run needs. */
import { z } from 'zod';
import { HttpAnswerError, requestJson } from '../http-json.js';

const experimentAnswer = z.object({ experiment: z.object({ experiment_id: z.string() }) });
const createdAnswer = z.object({ experiment_id: z.string() });
const runFields = z.object({
  info: z.object({ run_id: z.string() }),
  data: z
    .object({
      metrics: z
        .array(z.object({ key: z.string(), step: z.coerce.number().default(0) }))
        .default([]),
      params: z.array(z.object({ key: z.string() })).default([]),
    })
    .default({ metrics: [], params: [] }),
});
const runAnswer = z.object({ run: runFields });
const searchAnswer = z.object({ runs: z.array(runFields).default([]) });

/** Where nothing of it is needed. */
const anyAnswer = z.unknown();

export type MlflowRun = z.output<typeof runFields>;

export interface MlflowMetric {
  readonly key: string;
  readonly value: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  readonly step: number;
}

export interface MlflowPair {
  readonly key: string;
  readonly value: string;
}

export type MlflowStatus = 'RUNNING' | 'FINISHED' | 'FAILED' | 'KILLED';

/** The tag by which a run of ours is found again. */
export const runTag = 'lockstep.run';

/** Metrics and parameters of one request, at most: the API's own limits. */
export const metricsOfBatch = 1000;
export const pairsOfBatch = 100;

export class MlflowApi {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor(url: string, environment: NodeJS.ProcessEnv) {
    this.#base = `${url.replace(/\/+$/, '')}/api/2.0/mlflow`;
    this.#headers = authorization(environment);
  }

  /** The id of an experiment, which is made where it is missing. */
  async experiment(name: string): Promise<string> {
    const found = await this.#experimentNamed(name);
    if (found !== null) return found;
    try {
      return (await this.#post('experiments/create', { name }, createdAnswer)).experiment_id;
    } catch (error) {
      // Somebody else has made it meanwhile.
      const other = await this.#experimentNamed(name);
      if (other === null) throw error;
      return other;
    }
  }

  /** Null where the server has none. */
  async findRun(experiment: string, run: string): Promise<MlflowRun | null> {
    const asked = {
      experiment_ids: [experiment],
      filter: `tags.\`${runTag}\` = '${run}'`,
      max_results: 1,
    };
    return (await this.#post('runs/search', asked, searchAnswer)).runs[0] ?? null;
  }

  async createRun(
    experiment: string,
    { name, startTime, tags }: { name: string; startTime: number; tags: readonly MlflowPair[] },
  ): Promise<MlflowRun> {
    const wish = { experiment_id: experiment, run_name: name, start_time: startTime, tags };
    return (await this.#post('runs/create', wish, runAnswer)).run;
  }

  async logBatch(
    run: string,
    batch: { readonly metrics?: readonly MlflowMetric[]; readonly params?: readonly MlflowPair[] },
  ): Promise<void> {
    await this.#post('runs/log-batch', { run_id: run, ...batch }, anyAnswer);
  }

  async update(run: string, status: MlflowStatus, endTime: number | null): Promise<void> {
    const ended = endTime === null ? {} : { end_time: endTime };
    await this.#post('runs/update', { run_id: run, status, ...ended }, anyAnswer);
  }

  async #experimentNamed(name: string): Promise<string | null> {
    const query = new URLSearchParams({ experiment_name: name });
    const url = `${this.#base}/experiments/get-by-name?${query}`;
    try {
      const request = { method: 'GET', url, headers: this.#headers } as const;
      return (await requestJson(request, experimentAnswer)).experiment.experiment_id;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  #post<Expected extends z.ZodType>(call: string, body: object, expected: Expected) {
    const url = `${this.#base}/${call}`;
    return requestJson({ method: 'POST', url, headers: this.#headers, body }, expected);
  }
}

/** A server that is no MLflow answers 404 too, and with other words. */
const isAbsent = (error: unknown): boolean =>
  error instanceof HttpAnswerError && error.said.includes('RESOURCE_DOES_NOT_EXIST');

function authorization({
  MLFLOW_TRACKING_TOKEN: token,
  MLFLOW_TRACKING_USERNAME: user,
  MLFLOW_TRACKING_PASSWORD: password = '',
}: NodeJS.ProcessEnv): Record<string, string> {
  if (token) return { authorization: `Bearer ${token}` };
  if (!user) return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
