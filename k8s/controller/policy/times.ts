/** Times as Kubernetes writes them: whole seconds, UTC. */
import type { WallTime } from '../reconcile/seen.js';

export const timeText = (time: WallTime): string =>
  new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');

/** Null for no time. */
export function readTime(text: string | undefined): WallTime | null {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : time;
}

/** The sooner of two waits, of which null is none. */
export const sooner = (one: number | null, other: number | null): number | null =>
  one === null ? other : other === null ? one : Math.min(one, other);
