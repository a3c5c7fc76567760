/**
 * A tower with pretrained weights takes its shapes from them. They are written into the job before it is
 * resolved, so that a resolved job says everything and nobody behind it opens the model again.
 */
import { type JobProblem, JobSpecError } from '../../errors.js';
import { canonicalJson } from '../job-digest.js';
import type { TrainingJob } from '../schema.js';
import { stageJobs } from '../stage-jobs.js';
import { brokenRule } from './problems.js';

export const towers = ['item', 'user'] as const;
export type Tower = (typeof towers)[number];

/** Fields of a tower's section that the weights decide; one that is left out must not be given. */
export type ShapeFields = Readonly<Partial<Record<ShapeField, unknown>>> & {
  readonly layers: number;
};

const shapeFields = [
  ...['hiddenSize', 'layers', 'heads', 'headSize', 'keyValueHeads', 'intermediateSize'],
  ...['normEps', 'ropeTheta', 'ropeScaling', 'attentionBias', 'queryKeyNorm'],
] as const;
type ShapeField = (typeof shapeFields)[number];

interface PretrainedWish {
  readonly path: string;
  readonly layers: unknown;
}

/** What a job that is not checked yet says of a tower's weights; null where it says nothing usable. */
export function pretrainedWish(job: unknown, tower: Tower): PretrainedWish | null {
  const { path, layers } = (sectionOf(job, tower)?.pretrained ?? {}) as Record<string, unknown>;
  return typeof path === 'string' ? { path, layers } : null;
}

/**
 * The job with the shapes of its pretrained towers.
 *
 * @param of those of a tower's model; null where it has none.
 * @throws JobSpecError naming each field that says something else
 */
export function withPretrainedFields(
  job: unknown,
  of: Readonly<Record<Tower, ShapeFields | null>>,
): unknown {
  const result = structuredClone(job);
  const problems = towers.flatMap((tower) => {
    const section = sectionOf(result, tower);
    const shapes = of[tower];
    return section === null || shapes === null ? [] : fill(section, shapes, tower);
  });
  if (problems.length > 0) throw new JobSpecError(problems);
  return result;
}

function fill(section: Record<string, unknown>, shapes: ShapeFields, tower: Tower): JobProblem[] {
  const path = `spec.model.${tower}`;
  const problems: JobProblem[] = [];
  const wanted = (section.pretrained as { readonly layers?: unknown }).layers ?? shapes.layers;
  if (typeof wanted === 'number' && wanted > shapes.layers) {
    const rule = `at most the ${shapes.layers} layers of the pretrained model`;
    problems.push(brokenRule(`${path}.pretrained.layers`, rule, wanted));
  }
  for (const name of shapeFields) {
    const theirs = name === 'layers' ? wanted : shapes[name];
    const given = section[name];
    if (given === undefined) {
      if (theirs !== undefined) section[name] = theirs;
    } else if (theirs === undefined || canonicalJson(given) !== canonicalJson(theirs)) {
      const has = theirs === undefined ? '' : `, or ${JSON.stringify(theirs)} as in it`;
      problems.push(
        brokenRule(
          `${path}.${name}`,
          `left out, because the pretrained model decides it${has}`,
          given,
        ),
      );
    }
  }
  return problems;
}

function sectionOf(job: unknown, tower: Tower): Record<string, unknown> | null {
  const section = ['spec', 'model', tower].reduce<unknown>(
    (value, name) => (isMapping(value) ? value[name] : undefined),
    job,
  );
  return isMapping(section) && isMapping(section.pretrained) ? section : null;
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Positions that a tower reads at once. A pretrained model whose attention slides sees as many, or it
 * is another model.
 */
export function positionsRead(job: TrainingJob): Readonly<Record<Tower, number>> {
  const longest = Math.max(...stageJobs(job).map(({ spec }) => spec.data.sequences.maxLength));
  // A token of its own stands behind an item's text, and a target or a token behind a user's items.
  return { item: job.spec.model.maxTextLength + 1, user: longest + 1 };
}

/** @param windows of the towers' models; null: they see all. */
export function windowProblems(
  job: TrainingJob,
  windows: Readonly<Record<Tower, number | null>>,
): JobProblem[] {
  const read = positionsRead(job);
  return towers.flatMap((tower) => {
    const window = windows[tower];
    if (window === null || read[tower] <= window) return [];
    const rule =
      `a model that sees the ${read[tower]} positions which the job reads: ` +
      `its attention slides over ${window}`;
    const { pretrained } = job.spec.model[tower];
    return [brokenRule(`spec.model.${tower}.pretrained.path`, rule, pretrained?.path)];
  });
}
