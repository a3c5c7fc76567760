/** `lockstep audit NAME --nats URL`: the log of a run that two workers trained, and one that somebody wrote into. */
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openNatsBus } from '../../bus/nats-bus.js';
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import type { BusLog } from '../../shared/bus.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { decodeLogEntry } from '../../shared/messages/cluster/log-entry.js';
import { withoutSecret } from '../../shared/nats-address.js';
import { projectRoot } from '../../shared/project-root.js';
import { runOfLog } from '../../shared/subjects.js';
import { startCommand } from './command.js';
import { smallDataset } from './small-run/small-dataset.js';
import { smallJob } from './small-run/small-job.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const root = mkdtempSync(join(tmpdir(), 'lockstep-audit-log-'));
const at = (...names: string[]) => join(root, ...names);

let server: LocalNatsServer;

const command = (...words: string[]) =>
  startCommand(program, [...words, '--nats', withoutSecret(server.url), '--json'], {
    LOCKSTEP_NATS_CREDENTIALS_FILE: at('credentials'),
  }).end;

before(async () => {
  await smallDataset(at('data'));
  server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: at('nats'),
    logFile: at('nats.log'),
  });
  const { username, password } = new URL(server.url);
  writeFileSync(at('credentials'), password === '' ? username : `${username}:${password}`);
  const job = smallJob(at('data'), {
    ...{ lanes: 2, workers: { replicas: 2 }, duration: { steps: 4 } },
    checkpoint: { everySteps: 2 },
  });
  writeFileSync(at('job.json'), JSON.stringify(job));
  const trained = await command('train', at('job.json'), '--output', at('run'));
  assert.equal(trained.code, exitCodes.success, trained.errors);
});
after(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

// Would catch an audit that sees less in a log than in the folder of the same run.
test('a run that is over passes by its log, with its checkpoint where it can be read', async () => {
  const { code, last, errors } = await command('audit', 'small');
  assert.equal(code, exitCodes.success, errors);
  const { verdict, run, steps, total_steps, plans, members, end } = last;
  assert.deepEqual(
    [verdict, run, steps, total_steps, plans, members, end],
    ['passed', 'small', 4, 4, 4, ['worker-0', 'worker-1'], 'finished'],
  );
  assert.ok(Number(last.compared_bytes) > 0);
});

// Would catch an audit that needs the folders of whoever trained.
test('another machine needs the dataset and nothing else', async () => {
  renameSync(at('data'), at('elsewhere'));
  renameSync(at('run'), at('away'));
  const without = await command('audit', 'small');
  assert.equal(without.code, exitCodes.usage);
  const { code, last, errors } = await command('audit', 'small', '--data', at('elsewhere'));
  assert.equal(code, exitCodes.success, errors);
  assert.deepEqual([last.steps, last.plans, last.checkpoint], [4, 4, null]);
  const unknown = await command('audit', 'other');
  assert.equal(unknown.code, exitCodes.usage);
  assert.match(unknown.errors, /knows runs of small/);
});

// Would catch an audit that takes for granted what a log holds.
test('what somebody wrote into the log is found', async () => {
  const bus = await openNatsBus({ url: server.url, name: 'forger' });
  try {
    const stream = (await bus.names()).streams.find((name) => runOfLog(name) !== null) ?? '';
    const log = await bus.openLog(stream);
    const last = await log.last();
    const recorded = await firstCommitted(log);
    await log.append(Uint8Array.of(1, 2, 3), last);
    await log.append(recorded, last + 1);
  } finally {
    await bus.close();
  }
  const { code, last } = await command('audit', 'small', '--data', at('elsewhere'));
  assert.equal(code, 1);
  const kinds = (last.differences as { kind: string }[]).map(({ kind }) => kind);
  assert.ok(kinds.includes('unreadable') && kinds.length >= 2, `${kinds}`);
});

const firstCommitted = (log: BusLog): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    log
      .read(1, (data) => {
        if (decodeLogEntry(data).entry.kind === 'committed') resolve(data);
      })
      .catch(reject);
  });
