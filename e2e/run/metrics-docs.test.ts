/** docs/metrics.md against the registries of all three processes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jobStates } from '../../k8s/crd/status-schema.js';
import { recoveryCause, splitMetrics } from '../../shared/messages/report-fields.js';
import { phases } from '../../worker/training/messages.js';
import {
  documentedLabels,
  documentedMetrics,
  labelsOfAll,
  type MetricRow,
  type Process,
  registeredMetrics,
} from './documented-metrics.js';

const processes = Object.keys(labelsOfAll) as Process[];
const ofEvery = documentedMetrics('Every process');
const everyRow = [...ofEvery, ...processes.flatMap(documentedMetrics)];
const rowsOf = (process: Process): MetricRow[] => registeredMetrics(process);
const byName = (a: MetricRow, b: MetricRow): number => (a.name < b.name ? -1 : 1);

// Would catch a metric that is renamed, added, removed or given a label without its row in docs/metrics.md.
for (const process of processes) {
  test(`docs/metrics.md has each metric as it is served: ${process}`, () => {
    const documented = [...ofEvery, ...documentedMetrics(process)].map(
      ({ unit: _unit, ...row }) => row,
    );
    assert.deepEqual(documented.sort(byName), rowsOf(process).sort(byName));
  });
}

/** What a name must end in, by unit. */
const endings: Readonly<Record<string, RegExp>> = {
  seconds: /_seconds(_total)?$/,
  bytes: /_bytes(_total)?$/,
  ratio: /_ratio$/,
};

// Would catch names that Prometheus users would not expect, and a unit that the name contradicts.
test('names follow the conventions: counters end in _total, units are base units', () => {
  for (const { name, type, unit } of everyRow) {
    assert.equal(name.endsWith('_total'), type === 'counter', name);
    for (const [of, ending] of Object.entries(endings)) {
      assert.equal(ending.test(name), unit === of, `${name}: its unit is ${unit}`);
    }
    if (type === 'histogram') assert.match(name, /_(seconds|bytes)$/);
    if (name.endsWith('_info')) assert.deepEqual([type, unit], ['gauge', '1'], name);
    assert.doesNotMatch(name, /milli|_ms\b|percent|_(bucket|sum|count)$/);
  }
});

// Would catch what fills a Prometheus: a histogram of each worker, a series of each step, peer or error.
test('labels are bounded, and no histogram has one of a worker', () => {
  const known = documentedLabels();
  const used = new Set<string>();
  for (const process of processes) {
    for (const { labels, name, type } of registeredMetrics(process)) {
      const all = [...labels, ...labelsOfAll[process]];
      if (type === 'histogram') assert.ok(!all.includes('worker'), `${name} is of each worker`);
      for (const label of all) used.add(label);
    }
  }
  assert.deepEqual([...known.keys()].sort(), [...used].sort());
  for (const label of ['job', 'instance', 'step', 'peer', 'rank', 'error', 'le']) {
    assert.ok(!used.has(label), `${label} is Prometheus' own, or without bounds`);
  }
});

// Would catch a value that a query cannot know of.
test('docs/metrics.md lists the values of labels that have few', () => {
  const known = documentedLabels();
  assert.deepEqual(known.get('phase'), [...phases]);
  assert.deepEqual(known.get('cause')?.sort(), [...recoveryCause.options].sort());
  assert.deepEqual(known.get('split'), [...splitMetrics.shape.split.options]);
  assert.deepEqual(known.get('model'), [...splitMetrics.shape.model.options]);
  assert.deepEqual(known.get('state'), [...jobStates]);
});
