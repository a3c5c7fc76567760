/** Prometheus' own tool reads the alerts and the dashboard's queries and lets the alerts ring; Debian: prometheus. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { stringify } from 'yaml';
import { readManifest } from './manifest-objects.js';
import { dashboardQueries, ruleGroups } from './monitoring-queries.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-alerts-'));
after(() => rmSync(folder, { recursive: true }));

const isThere = spawnSync('promtool', ['--version']).error === undefined;
const skip = isThere ? false : 'promtool is not on PATH (Debian: apt-get install prometheus)';

function promtool(...words: string[]): string {
  return execFileSync('promtool', words, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
}

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

// Would catch: an alert that rings at a run that is well, or that does not where something is wrong.
test('the alerts ring where they should, and nowhere else', { skip }, () => {
  write('rules.yaml', stringify(ruleGroups()));
  write('tests.yaml', readManifest('k8s/components/monitoring/alerts.test.yaml'));
  assert.match(promtool('check', 'rules', 'rules.yaml'), /SUCCESS/);
  assert.match(promtool('test', 'rules', 'tests.yaml'), /SUCCESS/);
});

// Would catch: a panel whose query Prometheus refuses.
test('Prometheus understands every query of the dashboard', { skip }, () => {
  const rules = dashboardQueries().map(({ expression }, index) => ({
    record: `query:${index}`,
    // As Grafana does it before it asks.
    expr: expression.replace('[$__rate_interval]', '[1m]'),
  }));
  write('queries.yaml', stringify({ groups: [{ name: 'dashboard', rules }] }));
  assert.match(
    promtool('check', 'rules', 'queries.yaml'),
    new RegExp(`${rules.length} rules found`),
  );
});
