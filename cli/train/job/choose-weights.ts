import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TrainingJob } from '../../../shared/job-spec/job-spec.js';
import { UsageError } from '../../usage-error.js';

/**
 * Decides which weights a job starts from that names where they are: those of a checkpoint, or of the
 * newest one in a run's folder. They belong to the job's identity from here on.
 *
 * @param earlier the job that is in the run's folder already; it has chosen
 * @throws UsageError
 */
export function chooseWeights(job: TrainingJob, earlier: TrainingJob | null): TrainingJob {
  const { init } = job.spec;
  if (init === undefined || init.weightsSha256 !== undefined) return job;
  const before = earlier?.spec.init;
  const chosen = before?.from === init.from ? before.weightsSha256 : undefined;
  const weightsSha256 = chosen ?? digestIn(init.from);
  return { ...job, spec: { ...job.spec, init: { ...init, weightsSha256 } } };
}

function digestIn(from: string): string {
  const [path] = [from, ...newestFirst(join(from, 'checkpoints'))].filter((folder) =>
    existsSync(join(folder, 'manifest.json')),
  );
  if (path === undefined) {
    throw new UsageError(
      `Cannot start from the weights in "${from}": it must be the --output of a run that has a ` +
        'checkpoint, or one checkpoint',
    );
  }
  return digestOf(path);
}

const newestFirst = (folder: string): string[] =>
  (existsSync(folder) ? readdirSync(folder) : [])
    .filter((name) => /^step-\d{8,15}$/.test(name))
    .sort((a, b) => Number(b.slice(5)) - Number(a.slice(5)))
    .map((name) => join(folder, name));

function digestOf(checkpoint: string): string {
  const file = join(checkpoint, 'manifest.json');
  let digest: unknown;
  try {
    digest = (JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>).weightsSha256;
  } catch (cause) {
    throw new UsageError(`Cannot read ${file}: ${(cause as Error).message}`, { cause });
  }
  if (typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest)) return digest;
  throw new UsageError(`Cannot start from "${checkpoint}": ${file} is no manifest of a checkpoint`);
}
