/** Fields in which jobs differ, by their paths. */

export interface Difference {
  /** As in `spec.optimizer.learningRate`. */
  readonly path: string;
  /** Of each job; `–` where it has none. */
  readonly values: readonly string[];
}

export function differences(jobs: readonly unknown[]): Difference[] {
  const fields = jobs.map((job) => new Map(leaves(job, '')));
  const paths = [...new Set(fields.flatMap((one) => [...one.keys()]))].sort();
  return paths.flatMap((path) => {
    const values = fields.map((one) => one.get(path) ?? '–');
    return new Set(values).size > 1 ? [{ path, values }] : [];
  });
}

function leaves(value: unknown, path: string): (readonly [string, string])[] {
  if (typeof value !== 'object' || value === null) return [[path, String(value)]];
  return Object.entries(value).flatMap(([name, inner]) =>
    leaves(inner, path === '' ? name : `${path}.${name}`),
  );
}
