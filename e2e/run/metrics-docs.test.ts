import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Registry } from 'prom-client';
import { CoordinatorMetrics } from '../../coordinator/metrics.js';
import { ControllerMetrics } from '../../k8s/controller/controller-metrics.js';
import { jobId, workerId } from '../../shared/ids.js';
import { projectRoot } from '../../shared/project-root.js';
import { WorkerMetrics } from '../../worker/metrics.js';

/** `name | type | labels | meaning` of every metric. */
async function registered(registry: Registry): Promise<string[]> {
  const metrics = (await registry.getMetricsAsJSON()) as unknown as readonly {
    name: string;
    type: string;
    help: string;
  }[];
  return metrics.map(({ name, type, help }) => `${name} | ${type} | ${help}`).sort();
}

const documented = readFileSync(new URL('docs/metrics.md', projectRoot), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const row =
      /^\| `((?:lockstep|process|nodejs)_\w+)` \| (\w+) \| ([^|]+) \|([^|]*)\| ([^|]+) \|$/.exec(
        line,
      );
    return row === null ? [] : [`${row[1]} | ${row[2]} | ${row[5]}`];
  });

// Would catch a metric that is renamed, added or removed without its row in docs/metrics.md.
test('docs/metrics.md lists exactly the metrics that are served', async () => {
  const coordinator = new CoordinatorMetrics(jobId('j'));
  const links = async () => ({ sent: {}, received: {} });
  const worker = new WorkerMetrics(jobId('j'), workerId('w'), links);
  const controller = new ControllerMetrics();
  controller.watch({ depth: () => 0, jobsByState: () => new Map(), failedJobs: () => new Map() });
  const served = [
    ...(await registered(controller.registry)),
    ...(await registered(coordinator.registry)),
    ...(await registered(worker.registry)),
  ];
  // What every process serves stands in a table of its own.
  assert.deepEqual([...documented].sort(), [...new Set(served)].sort());
});

// Would catch names that Prometheus users would not expect.
test('names follow the conventions: counters end in _total, times in _seconds', () => {
  for (const row of documented) {
    const [name = '', type] = row.split(' | ');
    assert.equal(name.endsWith('_total'), type === 'counter', row);
    if (type === 'histogram') assert.match(name, /_(seconds|bytes)$/);
    assert.doesNotMatch(name, /milli|_ms\b|percent/);
  }
});
