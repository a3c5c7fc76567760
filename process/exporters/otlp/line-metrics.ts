/** The points of lines as gauges, at the times of their lines. */
import { ValueType } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type GaugeMetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { ExportedLine } from '../history-exporter.js';
import { hrTimeOf } from './hr-time.js';

/** OpenTelemetry's names have no "@", and dots where ours have slashes. */
export const otlpName = (tag: string): string =>
  `lockstep.${tag.replaceAll('@', '_at_').replaceAll('/', '.')}`;

export function lineMetrics(
  lines: readonly ExportedLine[],
  { resource, version }: { readonly resource: Resource; readonly version: string },
): ResourceMetrics {
  const byTag = new Map<string, DataPoint<number>[]>();
  for (const { line, points } of lines) {
    const time = hrTimeOf(Date.parse(line.time));
    for (const { tag, value } of points) {
      const ofTag = byTag.get(tag) ?? [];
      // The step is no attribute: each would be a series of its own.
      ofTag.push({ startTime: time, endTime: time, attributes: {}, value });
      byTag.set(tag, ofTag);
    }
  }
  const metrics = [...byTag].map(([tag, dataPoints]) => gauge(tag, dataPoints));
  return { resource, scopeMetrics: [{ scope: { name: 'lockstep', version }, metrics }] };
}

const gauge = (tag: string, dataPoints: DataPoint<number>[]): GaugeMetricData => ({
  descriptor: {
    name: otlpName(tag),
    description: '',
    unit: /(^|[/_])seconds$/.test(tag) && !tag.includes('per_second') ? 's' : '1',
    valueType: ValueType.DOUBLE,
  },
  aggregationTemporality: AggregationTemporality.CUMULATIVE,
  dataPointType: DataPointType.GAUGE,
  dataPoints,
});
