/**
 * A collector, as far as OTLP over HTTP in JSON goes. What it takes is held to the encoding that the protocol
 * demands (opentelemetry-proto, "JSON Protobuf Encoding"): ids in hexadecimal, integers of 64 bits as decimal text,
 * enumerations as numbers, names in lowerCamelCase, and no others than those here.
 */
import { z } from 'zod';
import { type JsonAnswer, type JsonCall, JsonServerFixture } from '../json-server-fixture.js';

const nanos = z.string().regex(/^\d{19}$/);
const value = z.union([
  z.strictObject({ stringValue: z.string() }),
  z.strictObject({ intValue: z.union([z.int(), z.string().regex(/^-?\d+$/)]) }),
  z.strictObject({ doubleValue: z.number() }),
  z.strictObject({
    arrayValue: z.strictObject({ values: z.array(z.strictObject({ stringValue: z.string() })) }),
  }),
]);
const attributes = z.array(z.strictObject({ key: z.string().min(1), value }));
const resource = z.strictObject({ attributes, droppedAttributesCount: z.literal(0) });
const scope = z.strictObject({ name: z.literal('lockstep'), version: z.string() });

const span = z.strictObject({
  traceId: z.string().regex(/^[0-9a-f]{32}$/),
  spanId: z.string().regex(/^[0-9a-f]{16}$/),
  parentSpanId: z
    .string()
    .regex(/^[0-9a-f]{16}$/)
    .optional(),
  flags: z.int(),
  name: z.string().min(1),
  kind: z.literal(1),
  startTimeUnixNano: nanos,
  endTimeUnixNano: nanos,
  attributes,
  droppedAttributesCount: z.literal(0),
  events: z.tuple([]),
  droppedEventsCount: z.literal(0),
  status: z.strictObject({ code: z.literal(0) }),
  links: z.tuple([]),
  droppedLinksCount: z.literal(0),
});
const traces = z.strictObject({
  resourceSpans: z.array(
    z.strictObject({
      resource,
      scopeSpans: z.array(z.strictObject({ scope, spans: z.array(span) })),
    }),
  ),
});

const dataPoint = z.strictObject({
  attributes,
  startTimeUnixNano: nanos,
  timeUnixNano: nanos,
  asDouble: z.number(),
});
const metric = z.strictObject({
  name: z.string().regex(/^[a-zA-Z][\w.\-/]{0,254}$/),
  description: z.string(),
  unit: z.string(),
  gauge: z.strictObject({ dataPoints: z.array(dataPoint) }),
});
const metrics = z.strictObject({
  resourceMetrics: z.array(
    z.strictObject({
      resource,
      scopeMetrics: z.array(z.strictObject({ scope, metrics: z.array(metric) })),
    }),
  ),
});

export type TakenSpan = z.output<typeof span>;
export type TakenTraces = z.output<typeof traces>;
export type TakenMetric = z.output<typeof metric>;

export class OtlpCollectorFixture extends JsonServerFixture {
  readonly traces: TakenTraces[] = [];
  readonly metrics: TakenMetric[] = [];
  /** A path that it does not have. */
  misses: string | null = null;

  get spans(): TakenSpan[] {
    return this.traces
      .flatMap(({ resourceSpans }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans)
      .flatMap(({ spans }) => spans);
  }

  protected override answer({ body, path }: JsonCall): JsonAnswer {
    if (path === this.misses) return { status: 404, body: {} };
    try {
      if (path === '/v1/traces') this.traces.push(traces.parse(body));
      else if (path === '/v1/metrics') this.metrics.push(...metricsIn(body));
      else return this.#refuse(404, path);
    } catch (error) {
      return this.#refuse(400, `${path}: ${(error as Error).message}`);
    }
    return { status: 200, body: {} };
  }

  #refuse(status: number, message: string): JsonAnswer {
    this.complaints.push(message);
    return { status, body: { message } };
  }
}

const metricsIn = (body: unknown): TakenMetric[] =>
  metrics
    .parse(body)
    .resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap((taken) => taken.metrics);
