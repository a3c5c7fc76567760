/**
 * Tells a collector of OpenTelemetry: curves as gauges, and where the time of the members went as traces. A
 * collector cannot say what it has, so it is told what happens while this process tells.
 */
import type { ExportedLine, ExportedRun, HistoryExporter } from '../history-exporter.js';
import type { OtlpSender } from './otlp-sender.js';

export class OtlpExporter implements HistoryExporter {
  readonly name = 'otlp';
  readonly again = 'replaces';
  readonly #run: ExportedRun;
  readonly #url: string;
  #sender: OtlpSender | null = null;

  constructor(run: ExportedRun, { url }: { readonly url: string }) {
    this.#run = run;
    this.#url = url;
  }

  /** The SDK takes half a second to load, which only runs that want it shall pay. */
  async open(): Promise<null> {
    const { OtlpSender } = await import('./otlp-sender.js');
    this.#sender ??= new OtlpSender(this.#run, this.#url);
    await this.#sender.open();
    return null;
  }

  async send(lines: readonly ExportedLine[]): Promise<void> {
    await this.#sender?.send(lines);
  }
}
