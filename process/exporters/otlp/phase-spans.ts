/**
 * A `phases` line as spans: one over its steps, one for each worker within, and within that its phases. Steps
 * of two seconds and longer have a line each, so each is a trace; shorter ones share one, as sums.
 *
 * Durations are measured. When each phase began is not told: they are laid one behind the other, in their order
 * within a step, and all workers begin together.
 */
import { createHash } from 'node:crypto';
import { type Context, type HrTime, ROOT_CONTEXT, type Tracer, trace } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import { type IdGenerator, type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';
import type { HistoryLineOf } from '../../../shared/history/history-line.js';
import { hrTimeOf } from './hr-time.js';

type PhasesLine = HistoryLineOf<'phases'>;

export interface SpanSource {
  readonly resource: Resource;
  readonly run: string;
  readonly version: string;
}

export function phaseSpans(
  line: PhasesLine,
  { resource, run, version }: SpanSource,
): ReadableSpan[] {
  const spans: ReadableSpan[] = [];
  const provider = new TracerProvider({
    resource,
    idGenerator: idsOf(`${run} ${line.time} ${line.committed_steps}`),
    spanProcessors: [
      {
        onStart: () => undefined,
        onEnd: (span) => void spans.push(span),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      },
    ],
  });
  layOut(line, provider.getTracer('lockstep', version));
  return spans;
}

function layOut({ committed_steps, generation, members, steps, time }: PhasesLine, tracer: Tracer) {
  const end = Date.parse(time);
  const start = end - Math.max(0, ...members.map(millisOf));
  const attributes = {
    'lockstep.first_step': committed_steps - steps + 1,
    'lockstep.last_step': committed_steps,
    'lockstep.steps': steps,
    'lockstep.generation': generation,
  };
  const name = steps === 1 ? 'step' : 'steps';
  const within = span(tracer, { name, start, end, attributes }, ROOT_CONTEXT);
  for (const member of members) {
    const { worker, lanes, wait_seconds } = member;
    const ofWorker = span(
      tracer,
      {
        ...{ name: worker, start, end: start + millisOf(member) },
        attributes: {
          'lockstep.worker': worker,
          'lockstep.lanes': lanes,
          'lockstep.wait_seconds': wait_seconds,
        },
      },
      within,
    );
    let at = start;
    for (const [phase, seconds] of Object.entries(member.phase_seconds)) {
      const attributes = { 'lockstep.worker': worker };
      const end = at + seconds * 1000;
      span(tracer, { name: phase, start: at, end, attributes }, ofWorker);
      at = end;
    }
  }
}

interface SpanWish {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** @returns the context of what lies within */
function span(
  tracer: Tracer,
  { name, start, end, attributes }: SpanWish,
  within: Context,
): Context {
  const startTime: HrTime = hrTimeOf(start);
  const made = tracer.startSpan(name, { startTime, attributes }, within);
  made.end(hrTimeOf(end));
  return trace.setSpan(within, made);
}

/** Waiting for peers is a part of the phases in which it happens. */
const millisOf = ({ phase_seconds }: PhasesLine['members'][number]): number =>
  Object.values(phase_seconds).reduce((sum, seconds) => sum + seconds * 1000, 0);

/** The same line has the same ids, so one that is sent again is no second one. */
function idsOf(seed: string): IdGenerator {
  let count = 0;
  const next = (characters: number): string =>
    createHash('sha256').update(`${seed} ${count++}`).digest('hex').slice(0, characters);
  return { generateTraceId: () => next(32), generateSpanId: () => next(16) };
}
