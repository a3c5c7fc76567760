/** One input against the invariants that every reader keeps. */
import { readFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { readLimit, roomOf } from './limits.js';
import type { Problem, Target } from './target.js';

/** Null where everything is as it should be. */
export function check(target: Target, input: Uint8Array): Problem | null {
  const memory = getHeapStatistics().external_memory;
  const begin = performance.now();
  const outcome = readOf(target, input);
  const milliseconds = performance.now() - begin;
  const bytes = getHeapStatistics().external_memory - memory;
  if (milliseconds > readLimit) {
    const again = Math.min(timeOf(target, input), timeOf(target, input));
    if (again > readLimit) return { kind: 'slow', milliseconds: Math.round(again) };
  }
  if (bytes > roomOf(input.byteLength)) return { kind: 'memory', bytes };
  if (outcome.kind !== 'value') return outcome.problem;
  const weight = weightOf(outcome.value, roomOf(input.byteLength));
  if (weight > roomOf(input.byteLength)) return { kind: 'memory', bytes: weight };
  return roundTrip(target, outcome.value);
}

type Outcome =
  | { readonly kind: 'value'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly problem: Problem | null };

function readOf(target: Target, input: Uint8Array): Outcome {
  try {
    // A copy: the reader may keep a part of it, and must not change it for the second look.
    return { kind: 'value', value: target.read(input.slice()) };
  } catch (error) {
    if (target.isRefusal(error)) return { kind: 'refused', problem: null };
    return { kind: 'refused', problem: { kind: 'error', error: errorText(error) } };
  }
}

function timeOf(target: Target, input: Uint8Array): number {
  const begin = ownTime();
  readOf(target, input);
  return ownTime() - begin;
}

/** Milliseconds that this thread has computed, where the system tells; else those of the clock. */
function ownTime(): number {
  try {
    const [nanoseconds] = readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ');
    return Number(nanoseconds) / 1e6;
  } catch {
    return performance.now();
  }
}

/** What was read, written and read again, is written alike: nothing is lost, and nothing is refused. */
function roundTrip(target: Target, value: unknown): Problem | null {
  if (target.write === undefined) return null;
  try {
    const first = target.write(value);
    const second = target.write(target.read(first.slice()));
    if (Buffer.compare(first, second) === 0) return null;
    return { kind: 'changed', detail: `${textOf(first)}, then ${textOf(second)}` };
  } catch (error) {
    return { kind: 'changed', detail: errorText(error) };
  }
}

const errorText = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message.slice(0, 300)}` : String(error);

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').slice(0, 120);

/** Bytes of a value, roughly; counting ends soon behind `enough`. */
export function weightOf(value: unknown, enough: number): number {
  const waiting: unknown[] = [value];
  let weight = 0;
  while (waiting.length > 0 && weight <= enough) {
    const next = waiting.pop();
    weight += 8;
    if (typeof next === 'string') weight += 16 + 2 * next.length;
    else if (ArrayBuffer.isView(next)) weight += next.byteLength;
    else if (next instanceof Map) for (const entry of next) waiting.push(...entry);
    else if (typeof next === 'object' && next !== null) {
      weight += 32;
      for (const [key, entry] of Object.entries(next)) {
        weight += 16 + key.length;
        waiting.push(entry);
      }
    }
  }
  return weight;
}
