/** The exporters that a job names. */
import { historyFileOf } from '../history/run-history.js';
import { ExportFeed } from './feed/export-feed.js';
import { pause } from './feed/pause.js';
import type { ExportedRun, HistoryExporter } from './history-exporter.js';
import { HistoryExporters } from './history-exporters.js';
import { MlflowExporter } from './mlflow/mlflow-exporter.js';
import { OtlpExporter } from './otlp/otlp-exporter.js';
import { TensorboardExporter } from './tensorboard/tensorboard-exporter.js';
import { TrackioExporter } from './trackio/trackio-exporter.js';

export interface ExportersOptions extends ExportedRun {
  /** Whether this process alone tells them; else it waits until it leads. */
  readonly leads: boolean;
  readonly warn: (text: string) => void;
}

/** Null where the job names none. */
export function openExporters(options: ExportersOptions): HistoryExporters | null {
  const { leads, output, warn } = options;
  const exporters = exportersOf(options);
  if (exporters.length === 0) return null;
  const history = historyFileOf(output);
  const feeds = exporters.map((exporter) => new ExportFeed({ exporter, history, warn, pause }));
  return new HistoryExporters(feeds, leads);
}

function exportersOf(run: ExportedRun): HistoryExporter[] {
  const { tensorboard, mlflow, trackio, otlp } = run.job.spec.history ?? {};
  return [
    ...(tensorboard ? [new TensorboardExporter(run)] : []),
    ...(mlflow ? [new MlflowExporter(run, mlflow, process.env)] : []),
    ...(trackio ? [new TrackioExporter(run, trackio, process.env)] : []),
    ...(otlp ? [new OtlpExporter(run, otlp)] : []),
  ];
}
