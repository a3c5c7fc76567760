/** Why a checkpoint of one job is none of another: the fields of their identities that differ. */
import { canonicalJson, jobIdentity } from './job-digest.js';
import type { TrainingJob } from './job-spec.js';

export interface IdentityChange {
  /** `spec.optimizer.learningRate`. */
  readonly path: string;
  /** Undefined where the field is not given. */
  readonly before: unknown;
  readonly now: unknown;
}

/** Fields, leaf by leaf, that decide the weights and differ; in the order of the job. */
export function identityChanges(before: TrainingJob, now: TrainingJob): IdentityChange[] {
  return changes('', placed(jobIdentity(before)), placed(jobIdentity(now)));
}

/** One sentence that names each change, and what would help. */
export function changeText(found: readonly IdentityChange[], now: TrainingJob): string {
  const named = found.map(
    ({ path, before, now: value }) => `${path} was ${printed(before)} and is ${printed(value)}`,
  );
  const { kind } = now.spec.optimizer.schedule;
  const duration = found.some(({ path }) => path.startsWith('spec.duration'));
  const reason =
    duration && kind !== 'constant'
      ? `the ${kind} schedule stretches over the duration, so all its steps would change: a job ` +
        'with a constant schedule may grow, and --init-from trains on from these weights'
      : 'what decides the weights must not change: --init-from trains on from these weights';
  return `${named.join(', ')}: ${reason}`;
}

const printed = (value: unknown): string => (value === undefined ? 'absent' : canonicalJson(value));

/** The identity in the places where the job has its fields. */
function placed({
  apiVersion,
  sequences,
  init,
  stages,
  ...spec
}: Record<string, unknown>): unknown {
  const places = { data: { sequences }, init: { weightsSha256: init } };
  // By number, so that what differs in one of them is named.
  const numbered = stages && { ...(stages as readonly unknown[]) };
  return { apiVersion, spec: { ...spec, ...places, stages: numbered } };
}

function changes(path: string, before: unknown, now: unknown): IdentityChange[] {
  if (isMapping(before) && isMapping(now)) {
    const names = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...names].flatMap((name) =>
      changes(path === '' ? name : `${path}.${name}`, before[name], now[name]),
    );
  }
  const same = before === now || (before !== undefined && now !== undefined && equal(before, now));
  return same ? [] : [{ path, before, now }];
}

const equal = (a: unknown, b: unknown): boolean => canonicalJson(a) === canonicalJson(b);

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
