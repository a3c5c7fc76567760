/** Alerts and dashboard ask for what the processes really say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { labelsOfAll, type Process, registeredMetrics } from '../run/documented-metrics.js';
import { objectsIn, readManifest } from './manifest-objects.js';
import { dashboard, everyQuery, rules } from './monitoring-queries.js';
import { groupedBy, metricsIn } from './promql.js';

/** What Prometheus adds by itself, and the operator for a pod. */
const ofTargets = ['job', 'instance', 'namespace', 'pod', 'container', 'endpoint'];
const suffixes = ['_bucket', '_sum', '_count'];

/** What Prometheus itself says of alerts that ring. */
const ofAlerts: [string, Set<string>] = [
  'ALERTS',
  new Set(['alertname', 'alertstate', 'severity', 'training_job']),
];

/** Name of each series -> its labels. */
function everySeries(): Map<string, Set<string>> {
  const series = new Map<string, Set<string>>([ofAlerts]);
  for (const process of Object.keys(labelsOfAll) as Process[]) {
    for (const { labels, name, type } of registeredMetrics(process)) {
      const isHistogram = type === 'histogram';
      const all = [
        ...labels,
        ...labelsOfAll[process],
        ...ofTargets,
        ...(isHistogram ? ['le'] : []),
      ];
      for (const suffix of isHistogram ? suffixes : ['']) {
        const known = series.get(name + suffix) ?? [];
        series.set(name + suffix, new Set([...known, ...all]));
      }
    }
  }
  return series;
}

// Would catch: a panel that stays empty and an alert that never rings, because a metric was renamed.
test('every metric and label of a query is one that a process exports', () => {
  const series = everySeries();
  const wrong: string[] = [];
  for (const { expression, place } of everyQuery()) {
    const named = metricsIn(expression);
    if (named.length === 0) wrong.push(`${place} names no metric: ${expression}`);
    for (const { labels, metric } of named) {
      const known = series.get(metric);
      if (known === undefined) wrong.push(`${place}: no process exports ${metric}`);
      for (const label of labels) {
        if (known?.has(label) === false) wrong.push(`${place}: ${metric} has no label ${label}`);
      }
    }
    const all = new Set(named.flatMap(({ metric }) => [...(series.get(metric) ?? [])]));
    for (const label of groupedBy(expression)) {
      if (!all.has(label)) wrong.push(`${place}: nothing in it has the label ${label}`);
    }
  }
  assert.deepEqual(wrong, []);
});

// Would catch: a reader of queries that finds nothing, for which every query would be in order.
test('names are found wherever they may stand in a query', () => {
  const query =
    'histogram_quantile(0.5, sum by (le, a) (rate(x_bucket{b=~"y{z}",c!="d"}[5m]))) / on(e) group_left() w > bool 3e1 and q offset 15m';
  assert.deepEqual(metricsIn(query), [
    { metric: 'x_bucket', labels: ['b', 'c'] },
    { metric: 'w', labels: [] },
    { metric: 'q', labels: [] },
  ]);
  assert.deepEqual(groupedBy(query), ['le', 'a', 'e']);
});

// Would catch: a dashboard that works with the data source of the one who made it, and with no other.
test('the dashboard takes its data source and its job from variables', () => {
  const board = dashboard();
  const names = board.templating.list.map(({ name }) => name);
  assert.deepEqual(names, ['datasource', 'namespace', 'training_job']);
  const sources = [...JSON.stringify(board).matchAll(/"uid":"([^"]*)"/g)].map(([, uid]) => uid);
  assert.deepEqual([...new Set(sources)].sort(), ['$' + '{datasource}', 'lockstep-training']);
  const jobs = everyQuery().filter(
    ({ expression, place }) =>
      place.startsWith('panel') && !expression.includes('lockstep_controller_'),
  );
  assert.ok(jobs.length > 30);
  for (const { expression, place } of jobs) {
    assert.match(expression, /training_job=~"\$training_job"/, place);
  }
});

// Would catch: panels that lie on each other, and a query or an override that Grafana drops without a word.
test('panels have places, numbers and queries of their own', () => {
  const { panels, schemaVersion } = dashboard();
  assert.equal(schemaVersion, 42);
  const taken = new Map<string, string>();
  for (const { fieldConfig, gridPos, targets = [], title, type } of panels) {
    const { h, w, x, y } = gridPos;
    assert.ok(w > 0 && h > 0 && x >= 0 && x + w <= 24, title);
    assert.equal(type === 'row', targets.length === 0, title);
    for (let at = 0; at < w * h; at++) {
      const cell = `${x + (at % w)},${y + Math.floor(at / w)}`;
      assert.equal(taken.get(cell), undefined, `${title} lies on another one`);
      taken.set(cell, title);
    }
    const refs = targets.map(({ refId }) => refId);
    assert.equal(new Set(refs).size, refs.length, title);
    for (const { matcher } of fieldConfig?.overrides ?? []) {
      assert.ok(matcher.id === 'byFrameRefID' && refs.includes(matcher.options), title);
    }
  }
  for (const names of [panels.map(({ id }) => id), panels.map(({ title }) => title)]) {
    assert.equal(new Set<number | string>(names).size, panels.length);
  }
});

// Would catch: a legend with a gap, since the query sums that label away.
test('a legend names only labels that the results of its query have', () => {
  const series = everySeries();
  for (const { targets = [], title } of dashboard().panels) {
    for (const { expr, legendFormat } of targets) {
      const [, kept] =
        /^-?(?:sum|max|min) by \(([^)]*)\)/.exec(expr.replace('time() - ', '')) ?? [];
      const isQuantile = expr.startsWith('histogram_quantile');
      const labels =
        kept !== undefined || isQuantile
          ? groupedBy(kept === undefined ? expr : `by (${kept})`)
          : metricsIn(expr).flatMap(({ metric }) => [...(series.get(metric) ?? [])]);
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        assert.ok(labels.includes(label), `${title}: ${legendFormat} of ${expr}`);
      }
    }
  }
});

// Would catch: an alert that nobody has ever heard ring.
test('every alert has a test, a severity and words on what to do', () => {
  const tests = readManifest('k8s/components/monitoring/alerts.test.yaml');
  const [object] = objectsIn('k8s/components/monitoring/alerts.yaml');
  const everyRule = object?.spec.groups.flatMap((group: { rules: unknown[] }) => group.rules);
  for (const { alert, annotations, labels } of everyRule) {
    assert.match(tests, new RegExp(`alertname(: |=")${alert}\\b`), alert);
    assert.ok(['critical', 'warning', 'info'].includes(labels.severity), alert);
    assert.ok(annotations.summary.length > 20 && annotations.description.length > 60, alert);
  }
  assert.equal(new Set(rules().map(({ alert }) => alert)).size, everyRule.length);
});
