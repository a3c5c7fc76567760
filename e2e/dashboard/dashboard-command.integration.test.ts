/** `lockstep dashboard`, as a user calls it: what it serves of a folder, and how it ends. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type {
  AuditState,
  Recommendations,
  RunAnswer,
} from '../../coordinator/dashboard/data/api.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { type Command, startCommand } from '../run/command.js';
import { type TrainedRun, trainedRun } from '../run/trained-run.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const root = mkdtempSync(join(tmpdir(), 'lockstep-serve-'));
let run: TrainedRun;
let serving: Command;
let url = '';
before(async () => {
  run = await trainedRun(root);
  const began = {
    ...{ kind: 'history', time: '2026-01-02T03:04:05.678Z', committed_steps: 0, schema_version: 1 },
    ...{ run: 't0123456789abcdef', job: 'small', job_sha256: 'a'.repeat(64) },
  };
  writeFileSync(join(run.folder, 'history.jsonl'), `${JSON.stringify(began)}\n`);
  const cache = { LOCKSTEP_CACHE: join(root, 'cache') };
  serving = startCommand(program, ['dashboard', root, '--port', '0', '--json'], cache);
  await serving.said('serving');
  url = String(serving.lines[0]?.url);
});
after(async () => {
  serving.process.kill('SIGTERM');
  await serving.end;
  rmSync(root, { recursive: true, force: true });
});

const ask = (path: string): Promise<Response> =>
  fetch(new URL(path, url), { headers: { 'X-Lockstep': 'test' } });

test('a run of the folder is shown with its job', async () => {
  const { canRecommend, job, state } = (await (await ask('api/runs/run')).json()) as RunAnswer;
  assert.equal(state.job, 'small');
  assert.equal(canRecommend, true);
  assert.deepEqual(job, run.job);
});

// Would catch a page of recommendations that asks another checkpoint than the command does, or none.
test('the model of a run is asked for what comes next', async () => {
  const answer = await ask('api/runs/run/recommend?history=a,b');
  const { checkpoint, historyItems, items } = (await answer.json()) as Recommendations;
  assert.equal(checkpoint, run.checkpoint);
  assert.equal(historyItems, 2);
  const titles = items.map(({ item, title }) => title === `Volume ${item}`);
  assert.ok(titles.length > 0 && titles.every(Boolean));
});

test('a question that has no answer says why', async () => {
  const unknown = await ask('api/runs/run/recommend?user=nobody');
  assert.equal(unknown.status, 422);
  assert.match(((await unknown.json()) as { error: string }).error, /nobody/);
  // What begins as an option is a name all the same.
  const option = await ask(`api/runs/run/recommend?user=${encodeURIComponent('--help')}`);
  assert.equal(option.status, 422);
  assert.equal((await ask('api/runs/run/recommend')).status, 400);
});

// Would catch a page elsewhere that has a browser start processes here.
test('whoever does not come from the page cannot start anything', async () => {
  assert.equal((await fetch(new URL('api/runs/run/recommend?history=a', url))).status, 403);
});

// Would catch an audit that never ends on the page because its command could not begin.
test('an audit is made by the command, and says why where it cannot be', async () => {
  const state = async (query = '') =>
    (await (await ask(`api/runs/run/audit${query}`)).json()) as AuditState;
  assert.equal((await state()).kind, 'none');
  let audit = await state('?begin=yes');
  while (audit.kind === 'runs') audit = await state();
  assert.ok(audit.kind === 'failed');
  assert.match(audit.message, /run": it has no ledger/);
});

test('a folder that is not there is refused, by its name', async () => {
  const { code, errors } = await startCommand(program, ['dashboard', join(root, 'none')]).end;
  assert.equal(code, exitCodes.usage);
  assert.match(errors, /none": there is no such folder/);
});
