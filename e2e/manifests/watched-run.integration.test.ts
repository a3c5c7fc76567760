/** A real Prometheus watches a real training: what the dashboard and the alerts see of it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../shared/project-root.js';
import { type Command, startCommand } from '../run/command.js';
import { smallDataset } from '../run/small-run/small-dataset.js';
import { longJob } from '../run/small-run/small-run.js';
import { dashboardQueries, ruleGroups, rules } from './monitoring-queries.js';
import { Prometheus, withoutPrometheus } from './prometheus.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-watched-'));
const skip = withoutPrometheus;
let run: Command | null = null;
let prometheus: Prometheus;

after(async () => {
  await prometheus?.stop();
  run?.process.kill('SIGTERM');
  await run?.end;
  rmSync(folder, { recursive: true, force: true });
});

before(async () => {
  if (skip !== false) return;
  const dataset = join(folder, 'dataset');
  await smallDataset(dataset);
  const job = longJob({ dataset, steps: 1_000_000, name: 'watched' }) as { spec: object };
  const spec = { ...job.spec, evaluation: { everySteps: 10 } };
  const file = join(folder, 'job.json');
  writeFileSync(file, JSON.stringify({ ...job, spec }));
  const words = ['train', file, '--output', join(folder, 'run'), '--json', '--no-dashboard'];
  run = startCommand(program, words);
  const targets: string[] = [];
  for (const name of ['coordinator', 'worker-0', 'worker-1']) {
    const said = await run.warned(new RegExp(`^${name}: pid \\d+, metrics on http://([^/]+)/`));
    targets.push(said?.[1] ?? '');
  }
  // With a checkpoint and an evaluation behind it.
  await run.committed(20);
  prometheus = await Prometheus.start(join(folder, 'prometheus'), targets, ruleGroups());
});

/** As Grafana asks, with all namespaces and all jobs chosen. */
const asAsked = (expression: string): string =>
  expression
    .replaceAll('$namespace', '.*')
    .replaceAll('$training_job', '.+')
    .replaceAll('$__rate_interval', '1m');

/** Until Prometheus has looked often enough, or much longer than that takes. */
async function answered(expression: string): Promise<boolean> {
  for (let looks = 0; looks < 100; looks++) {
    if ((await prometheus.query(asAsked(expression))).length > 0) return true;
    await pause(200);
  }
  return false;
}

/** What a run without trouble, and without Kubernetes, has nothing of. */
const emptyQueries = [
  /lockstep_controller_/,
  // Nothing was refused.
  /messages_refused_total/,
  // Of objectives with targets.
  /metric="logloss"/,
  // Two workers on one machine: neither need be clearly slower.
  /lockstep_straggler_info/,
  // Seen below, after a worker is killed.
  /changes\(lockstep_generation/,
  // Nothing rings.
  /^ALERTS/,
];

// Would catch a panel that stays empty for a reason which names and labels do not show: a join that finds no partner.
test('every panel has something to show of a run', { skip }, async () => {
  await answered('min(count_over_time(up[1m])) > 3');
  const empty: string[] = [];
  for (const { expression, place } of dashboardQueries()) {
    if (emptyQueries.some((query) => query.test(expression))) continue;
    if (!(await answered(expression))) empty.push(`${place}: ${expression}`);
  }
  assert.deepEqual(empty, []);
});

// Would catch values that are another run's, or of another unit.
test('what is shown is what the run says', { skip }, async () => {
  const readingOf = async (expression: string) => (await prometheus.query(expression))[0]?.value;
  assert.equal(await readingOf('lockstep_members'), 2);
  assert.equal(await readingOf('lockstep_total_steps'), 1_000_000);
  const shown = Number(await readingOf('lockstep_committed_steps'));
  const losses = run?.lines.filter(({ kind }) => kind === 'committed').map(({ loss }) => loss);
  assert.ok(shown >= 20 && shown <= Number(losses?.length));
  assert.ok(losses?.includes(await readingOf('lockstep_loss')));
});

// Would catch an alert that rings at a run that is well, and a rule that Prometheus cannot evaluate.
test('no alert of a job rings at a run that is well, and each is evaluated', { skip }, async () => {
  const states = await prometheus.rules();
  assert.equal(states.length, rules().length);
  for (const { health, lastError, name } of states)
    assert.equal(health, 'ok', `${name}: ${lastError}`);
  const ringing = states.filter(({ state }) => state === 'firing').map(({ name }) => name);
  assert.deepEqual(ringing, []);
});

// Would catch a recovery that the panel does not see.
test('a worker that is killed shows as a recovery', { skip }, async () => {
  process.kill(run?.pids.get('worker-1') as number, 'SIGKILL');
  assert.ok(
    await answered(
      'sum(increase(lockstep_recovery_seconds_count{part="lost",cause="lost"}[1m])) > 0',
    ),
  );
  assert.ok(await answered('changes(lockstep_generation[1m]) > 0'));
});
