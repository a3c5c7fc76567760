/** OpenTelemetry's SDK and its OTLP exporters, in JSON over HTTP. Headers come from the environment, by its own names. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { HistoryLine } from '../../../shared/history/history-line.js';
import { version } from '../../version.js';
import { type ExportedLine, type ExportedRun, ExportRefusedError } from '../history-exporter.js';
import { lineMetrics } from './line-metrics.js';
import { phaseSpans } from './phase-spans.js';

/** What the SDK hands back: 0 is success. */
interface Outcome {
  readonly code: number;
  readonly error?: Error;
}

type Signal = 'metrics' | 'traces';
type Export = (settle: (outcome: Outcome) => void) => void;

const timeoutMillis = 10_000;
/** Answers after which the same would be answered again. */
const refusals: ReadonlySet<unknown> = new Set([400, 413, 422]);
/** There is no such path: many programs take one of the two signals. */
const notThere = 404;

export class OtlpSender {
  readonly #url: string;
  readonly #run: string;
  readonly #resource: Resource;
  readonly #metrics: OTLPMetricExporter;
  readonly #traces: OTLPTraceExporter;
  #served: ReadonlySet<Signal> = new Set(['metrics', 'traces']);
  /** What the next call says of signals that are left out. */
  #leftOut: string | null = null;
  /** Lines whose points are there while their traces are not: the next try is for the traces alone. */
  readonly #measured = new Set<string>();

  constructor({ run, job }: Pick<ExportedRun, 'run' | 'job'>, url: string) {
    this.#url = url.replace(/\/+$/, '');
    this.#run = run;
    this.#metrics = new OTLPMetricExporter({ url: `${this.#url}/v1/metrics`, timeoutMillis });
    this.#traces = new OTLPTraceExporter({ url: `${this.#url}/v1/traces`, timeoutMillis });
    this.#resource = defaultResource().merge(
      resourceFromAttributes({
        'service.name': process.env.OTEL_SERVICE_NAME || 'lockstep',
        'service.version': version(),
        'service.instance.id': run,
        'lockstep.job': job.metadata.name,
        'lockstep.run': run,
      }),
    );
  }

  /**
   * Asks which signals are taken, by sending none of either.
   *
   * @throws Error where it is away, or takes neither
   */
  async open(): Promise<void> {
    const none = { resource: this.#resource, scopeMetrics: [] };
    const served: Signal[] = [];
    if (await this.#isServed('metrics', (settle) => this.#metrics.export(none, settle)))
      served.push('metrics');
    if (await this.#isServed('traces', (settle) => this.#traces.export([], settle)))
      served.push('traces');
    if (served.length === 0) {
      throw new Error(`${this.#url} has neither /v1/metrics nor /v1/traces (${notThere})`);
    }
    if (served.length === 1) {
      const missing = served[0] === 'metrics' ? 'traces' : 'metrics';
      this.#leftOut = `${this.#url} takes ${served[0]} only: there is no /v1/${missing} (${notThere})`;
    }
    this.#served = new Set(served);
  }

  /** @throws ExportRefusedError, Error where it is away */
  async send(lines: readonly ExportedLine[]): Promise<void> {
    const left = lines.filter(({ line }) => !this.#measured.has(keyOf(line)));
    const refusal = await this.#sendMetrics(left).then(() => null, refusalIn);
    for (const { line } of lines) this.#measured.add(keyOf(line));
    await this.#sendTraces(lines);
    this.#measured.clear();
    if (refusal !== null) throw refusal;
    if (this.#leftOut === null) return;
    const message = this.#leftOut;
    this.#leftOut = null;
    throw new ExportRefusedError(message);
  }

  async #sendMetrics(lines: readonly ExportedLine[]): Promise<void> {
    if (!this.#served.has('metrics')) return;
    const metrics = lineMetrics(lines, { resource: this.#resource, version: version() });
    if (!metrics.scopeMetrics.some((scope) => scope.metrics.length > 0)) return;
    await this.#done('metrics', (settle) => this.#metrics.export(metrics, settle));
  }

  async #sendTraces(lines: readonly ExportedLine[]): Promise<void> {
    if (!this.#served.has('traces')) return;
    const source = { resource: this.#resource, run: this.#run, version: version() };
    const spans = lines.flatMap(({ line }) =>
      line.kind === 'phases' ? phaseSpans(line, source) : [],
    );
    if (spans.length === 0) return;
    await this.#done('traces', (settle) => this.#traces.export(spans, settle));
  }

  async #isServed(signal: Signal, work: Export): Promise<boolean> {
    const { code, error } = await new Promise<Outcome>(work);
    if (code === 0) return true;
    const status = statusOf(error);
    if (status === notThere) return false;
    // Whoever does not like an empty request takes others all the same.
    if (refusals.has(status)) return true;
    throw this.#notTaken(signal, error);
  }

  async #done(signal: Signal, work: Export): Promise<void> {
    const { code, error } = await new Promise<Outcome>(work);
    if (code === 0) return;
    const notTaken = this.#notTaken(signal, error);
    if (!refusals.has(statusOf(error))) throw notTaken;
    throw new ExportRefusedError(notTaken.message, { cause: error });
  }

  #notTaken(signal: Signal, cause: Error | undefined): Error {
    const why = cause?.message || 'no answer';
    return new Error(`${this.#url}/v1/${signal} does not take them (${why})`, { cause });
  }
}

/** Points that nobody wants keep no trace from going. @throws whatever else it is */
function refusalIn(error: unknown): ExportRefusedError {
  if (error instanceof ExportRefusedError) return error;
  throw error;
}

const keyOf = ({ committed_steps, kind, time }: HistoryLine): string =>
  `${time} ${kind} ${committed_steps}`;

const statusOf = (error: Error | undefined): unknown =>
  (error as { code?: unknown } | undefined)?.code;
