/**
 * Tells a trackio server (seen with 0.43) by its HTTP API. It keeps an entry once by its `log_id`, which follows from the
 * line, and says the newest step that it has of a run. Entries have the time of their arrival: the API takes no other.
 */
import { z } from 'zod';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import {
  type Delivered,
  type ExportedLine,
  type ExportedRun,
  ExportRefusedError,
  type HistoryExporter,
} from '../history-exporter.js';
import { HttpAnswerError, requestJson } from '../http-json.js';
import { jobParameters } from '../job-parameters.js';

export interface TrackioPlace {
  readonly url: string;
  readonly project?: string | undefined;
}

const summaryAnswer = z.object({ data: z.object({ last_step: z.number().nullable() }) });

/** Where nothing of it is needed. */
const anyAnswer = z.unknown();

/** Lines of a request: some 100 kB. */
const linesOfRequest = 200;

export class TrackioExporter implements HistoryExporter {
  readonly name = 'trackio';
  readonly again = 'keeps';
  readonly #run: ExportedRun;
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #named: { readonly project: string; readonly run: string; readonly run_id: string };

  constructor(run: ExportedRun, { url, project }: TrackioPlace, environment: NodeJS.ProcessEnv) {
    const { name } = run.job.metadata;
    const token = environment.TRACKIO_WRITE_TOKEN;
    this.#run = run;
    this.#base = `${url.replace(/\/+$/, '')}/api`;
    this.#headers = token ? { 'x-trackio-write-token': token } : {};
    this.#named = { project: project ?? name, run: name, run_id: run.run };
  }

  async open(): Promise<Delivered> {
    const answer = await this.#post('get_run_summary', this.#named, summaryAnswer);
    const step = answer.data.last_step;
    return new Map(step === null ? [] : [['loss/train', step]]);
  }

  async send(lines: readonly ExportedLine[]): Promise<void> {
    const config = Object.fromEntries(jobParameters(this.#run.job));
    const entries = lines
      .filter(({ points }) => points.length > 0)
      .map(({ line, points }) => ({
        ...this.#named,
        metrics: Object.fromEntries(points.map(({ tag, value }) => [tag, value])),
        step: line.committed_steps,
        log_id: logId(this.#run.run, line),
        config,
      }));
    for (let at = 0; at < entries.length; at += linesOfRequest) {
      const logs = entries.slice(at, at + linesOfRequest);
      await this.#post('bulk_log', { logs, hf_token: null }, anyAnswer).catch((error: unknown) => {
        // 400 is its answer to a wrong token too, which somebody may set right.
        const isRefusal = error instanceof HttpAnswerError && error.status === 413;
        throw isRefusal ? new ExportRefusedError(error.message, { cause: error }) : error;
      });
    }
  }

  #post<Expected extends z.ZodType>(call: string, body: object, expected: Expected) {
    const url = `${this.#base}/${call}`;
    return requestJson({ method: 'POST', url, headers: this.#headers, body }, expected);
  }
}

/** Of a step there is one line of a kind, and of an evaluation one for what it asked of whom; recoveries may be several. */
function logId(run: string, line: HistoryLine): string {
  return [run, line.kind, line.committed_steps, whichOf(line)].join('-');
}

function whichOf(line: HistoryLine): string {
  if (line.kind === 'recovery') return line.time;
  if (line.kind !== 'evaluated') return '';
  return line.results.map(({ split, model }) => `${split}.${model}`).join('+');
}
