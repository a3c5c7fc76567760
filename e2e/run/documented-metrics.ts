/** The tables of docs/metrics.md, and what the processes register. */
import { readFileSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { CoordinatorMetrics } from '../../coordinator/metrics.js';
import { ControllerMetrics } from '../../k8s/controller/controller-metrics.js';
import { jobId, workerId } from '../../shared/ids.js';
import { projectRoot } from '../../shared/project-root.js';
import { WorkerMetrics } from '../../worker/metrics.js';

export interface MetricRow {
  readonly name: string;
  readonly type: string;
  /** Its own, sorted; without those that its process gives to all. */
  readonly labels: readonly string[];
  readonly help: string;
}

const page = readFileSync(new URL('docs/metrics.md', projectRoot), 'utf8');

const named = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

/** The rows of the table below a heading, each by its cells. */
export function tableBelow(heading: string): string[][] {
  const [, section = ''] = page.split(`\n## ${heading}\n`);
  return (section.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

export const documentedMetrics = (heading: string): (MetricRow & { readonly unit: string })[] =>
  tableBelow(heading).map(([name = '', type = '', unit = '', labels = '', help = '']) => ({
    ...{ name: named(name)[0] ?? '', type, unit, help },
    labels: named(labels).sort(),
  }));

/** Names that stand in the second cell of a label's row; empty where it says them in words. */
export const documentedLabels = (): Map<string, string[]> =>
  new Map(
    tableBelow('Labels').map(([label = '', values = '']) => [named(label)[0] ?? '', named(values)]),
  );

/** Label names that a process gives to each of its metrics. */
export const labelsOfAll = {
  Coordinator: ['training_job'],
  Worker: ['training_job', 'worker'],
  'Controller on Kubernetes': [],
} as const;

export type Process = keyof typeof labelsOfAll;

export function registryOf(process: Process): Registry {
  switch (process) {
    case 'Coordinator':
      return new CoordinatorMetrics(jobId('j')).registry;
    case 'Worker': {
      const links = async () => ({ sent: {}, received: {} });
      return new WorkerMetrics(jobId('j'), workerId('w'), links).registry;
    }
    case 'Controller on Kubernetes': {
      const controller = new ControllerMetrics();
      controller.watch({
        depth: () => 0,
        jobsByState: () => new Map(),
        failedJobs: () => new Map(),
      });
      return controller.registry;
    }
  }
}

export const registeredMetrics = (process: Process): MetricRow[] => {
  const registry = registryOf(process);
  return registry.getMetricsAsArray().map((metric) => {
    const { name, help, labelNames, type } = metric as unknown as {
      readonly name: string;
      readonly help: string;
      readonly labelNames: readonly string[];
      readonly type: string;
    };
    return { name, type, help, labels: [...labelNames].sort() };
  });
};
