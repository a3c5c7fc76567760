/**
 * Tells an MLflow tracking server. The server itself says what it has of the run (the newest step of each
 * metric), so a run that is resumed, or led by another coordinator, goes on there without a gap or a
 * point twice.
 */
import type { HistoryLine } from '../../../shared/history/history-line.js';
import { historyFileOf } from '../../history/run-history.js';
import { LineSource } from '../feed/line-source.js';
import {
  type Delivered,
  type ExportedLine,
  type ExportedRun,
  endStatus,
  type HistoryExporter,
} from '../history-exporter.js';
import { asRefusal } from '../http-json.js';
import { jobParameters } from '../job-parameters.js';
import {
  MlflowApi,
  type MlflowMetric,
  type MlflowStatus,
  metricsOfBatch,
  pairsOfBatch,
  runTag,
} from './mlflow-api.js';

export interface MlflowPlace {
  readonly url: string;
  readonly experiment?: string | undefined;
}

/** Characters of a parameter's value that every server takes. */
const valueCharacters = 500;

/** MLflow's names have no "@". */
export const mlflowKey = (tag: string): string => tag.replaceAll('@', '_at_');
const tagOf = (key: string): string => key.replaceAll('_at_', '@');

export class MlflowExporter implements HistoryExporter {
  readonly name = 'mlflow';
  readonly again = 'keeps';
  readonly #run: ExportedRun;
  readonly #place: MlflowPlace;
  readonly #api: MlflowApi;
  #runId = '';
  /** Names of the parameters that the server has: it takes no other value for them. */
  #parameters: ReadonlySet<string> = new Set();

  constructor(run: ExportedRun, place: MlflowPlace, environment: NodeJS.ProcessEnv) {
    this.#run = run;
    this.#place = place;
    this.#api = new MlflowApi(place.url, environment);
  }

  async open(): Promise<Delivered> {
    const { job, run } = this.#run;
    const { name } = job.metadata;
    const experiment = await this.#api.experiment(this.#place.experiment ?? name);
    const found =
      (await this.#api.findRun(experiment, run)) ??
      (await this.#api.createRun(experiment, {
        name,
        startTime: beganAt(this.#run.output),
        tags: [
          { key: runTag, value: run },
          { key: 'lockstep.job', value: name },
        ],
      }));
    this.#runId = found.info.run_id;
    this.#parameters = new Set(found.data.params.map(({ key }) => key));
    return new Map(found.data.metrics.map(({ key, step }) => [tagOf(key), step]));
  }

  async send(lines: readonly ExportedLine[]): Promise<void> {
    try {
      await this.#send(lines);
    } catch (error) {
      throw asRefusal(error);
    }
  }

  async #send(lines: readonly ExportedLine[]): Promise<void> {
    const metrics = lines.flatMap(metricsOf);
    for (let at = 0; at < metrics.length; at += metricsOfBatch) {
      await this.#api.logBatch(this.#runId, { metrics: metrics.slice(at, at + metricsOfBatch) });
    }
    // What came first is over where something else follows.
    const last = lines.flatMap(({ line }) => statusOf(line)).at(-1);
    if (lines.some(({ line }) => line.kind === 'started')) await this.#sendParameters();
    if (last !== undefined) await this.#api.update(this.#runId, last.status, last.endTime);
  }

  /** Those of the first start: a resumed run may be longer, or have other workers, and still be the same. */
  async #sendParameters(): Promise<void> {
    const params = jobParameters(this.#run.job)
      .filter(([key]) => !this.#parameters.has(key))
      .map(([key, value]) => ({ key, value: value.slice(0, valueCharacters) }));
    for (let at = 0; at < params.length; at += pairsOfBatch) {
      await this.#api.logBatch(this.#runId, { params: params.slice(at, at + pairsOfBatch) });
    }
  }
}

/** Of the history, whose first line is there before anybody is told: a server may have been away since. */
function beganAt(output: string): number {
  const [first] = new LineSource(historyFileOf(output)).read(0).lines;
  return first === undefined ? Date.now() : Date.parse(first.time);
}

const metricsOf = ({ line, points }: ExportedLine): MlflowMetric[] =>
  points.map(({ tag, value }) => ({
    key: mlflowKey(tag),
    value,
    timestamp: Date.parse(line.time),
    step: line.committed_steps,
  }));

interface MlflowTurn {
  readonly status: MlflowStatus;
  readonly endTime: number | null;
}

function statusOf(line: HistoryLine): MlflowTurn[] {
  if (line.kind === 'started') return [{ status: 'RUNNING', endTime: null }];
  if (line.kind !== 'finished' && line.kind !== 'failed') return [];
  const words = { finished: 'FINISHED', failed: 'FAILED', killed: 'KILLED' } as const;
  return [{ status: words[endStatus(line)], endTime: Date.parse(line.time) }];
}
