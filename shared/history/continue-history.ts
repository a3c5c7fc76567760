/** What a resumed run keeps of the history that it continues. Pure: lines in, a decision out. */
import { historyVersion } from './history-line.js';

/** Kinds that tell of the training's own course, which a resumed run goes over again. */
const courseKinds: ReadonlySet<unknown> = new Set([
  'committed',
  'phases',
  'checkpointed',
  'evaluated',
  'rolled_back',
]);

export interface HistoryCut {
  /** Everything before this offset stays as it is. */
  readonly offset: number;
  /** Lines that stay of those behind it, in their order. */
  readonly kept: readonly string[];
  /** Committed steps that the history tells of then; 0 without any. */
  readonly lastStep: number;
}

/**
 * Where a history is cut when training goes on from `firstStep` committed steps. Steps past the
 * checkpoint are trained and told again; that the run was started, warned or failed stays true.
 *
 * @param backwards the lines, the last one first; only those that decide are taken
 */
export function cutHistory(
  backwards: Iterable<{ readonly text: string; readonly offset: number }>,
  size: number,
  firstStep: number,
): HistoryCut {
  let offset = size;
  const kept: string[] = [];
  for (const line of backwards) {
    const { kind, committed_steps } = fieldsOf(line.text);
    const isCourse = courseKinds.has(kind);
    const isCovered = typeof committed_steps === 'number' && committed_steps <= firstStep;
    // Steps ascend, so nothing before a step that stays can have to go.
    if (kind === 'committed' && isCovered) return { offset, kept, lastStep: committed_steps };
    if (!isCourse || isCovered) kept.unshift(line.text);
    offset = line.offset;
  }
  return { offset, kept, lastStep: 0 };
}

/**
 * The lines of the steps in (`lastStep`, `firstStep`], of which members had committed more than the
 * history has heard.
 *
 * @param recent lines that were kept beside the checkpoints, in any state
 * @returns null where not all of them are there
 */
export function missingSteps(
  recent: readonly string[],
  lastStep: number,
  firstStep: number,
): string[] | null {
  const bySteps = new Map(recent.map((text) => [fieldsOf(text).committed_steps, text]));
  const missing: string[] = [];
  for (let steps = lastStep + 1; steps <= firstStep; steps++) {
    const text = bySteps.get(steps);
    if (text === undefined) return null;
    missing.push(text);
  }
  return missing;
}

/** Null where this program can continue a history with this first line; else what is wrong. */
export function historyProblem(firstLine: string): string | null {
  const { kind, schema_version: version } = fieldsOf(firstLine);
  if (kind !== 'history' || typeof version !== 'number')
    return 'its first line is none of a history';
  if (version <= historyVersion) return null;
  return `it has schema version ${version}: this program writes ${historyVersion}`;
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
