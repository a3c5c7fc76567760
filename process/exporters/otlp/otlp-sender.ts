/** OpenTelemetry's SDK and its OTLP exporters, in JSON over HTTP. Headers come from the environment, by its own names. */
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { version } from '../../version.js';
import { type ExportedLine, type ExportedRun, ExportRefusedError } from '../history-exporter.js';
import { lineMetrics } from './line-metrics.js';
import { phaseSpans } from './phase-spans.js';

/** What the SDK hands back: 0 is success. */
interface Outcome {
  readonly code: number;
  readonly error?: Error;
}

const timeoutMillis = 10_000;
/** Answers after which the same would be answered again. */
const refusals: ReadonlySet<unknown> = new Set([400, 413, 422]);

export class OtlpSender {
  readonly #url: string;
  readonly #run: string;
  readonly #resource: Resource;
  readonly #metrics: OTLPMetricExporter;
  readonly #traces: OTLPTraceExporter;

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

  /** @throws ExportRefusedError, Error where it is away */
  async send(lines: readonly ExportedLine[]): Promise<void> {
    const source = { resource: this.#resource, run: this.#run, version: version() };
    const metrics = lineMetrics(lines, source);
    const spans = lines.flatMap(({ line }) =>
      line.kind === 'phases' ? phaseSpans(line, source) : [],
    );
    if (metrics.scopeMetrics.some((scope) => scope.metrics.length > 0)) {
      await this.#done('metrics', (settle) => this.#metrics.export(metrics, settle));
    }
    if (spans.length > 0)
      await this.#done('traces', (settle) => this.#traces.export(spans, settle));
  }

  async #done(signal: string, work: (settle: (outcome: Outcome) => void) => void): Promise<void> {
    const { code, error } = await new Promise<Outcome>(work);
    if (code === 0) return;
    const message = `${this.#url}/v1/${signal} does not take them (${error?.message || 'no answer'})`;
    const status = (error as { code?: unknown } | undefined)?.code;
    if (refusals.has(status)) throw new ExportRefusedError(message, { cause: error });
    throw new Error(message, { cause: error });
  }
}
