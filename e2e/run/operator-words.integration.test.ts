/**
 * What an operator asks of a run that goes on, by the commands themselves: real processes, and the weights
 * of a run that nobody disturbed.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { type CommandEnd, startCommand } from './command.js';
import { smallDataset } from './small-run/small-dataset.js';
import { smallJob } from './small-run/small-job.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-words-'));
const at = (...names: string[]) => join(folder, ...names);
/** So many that the run does not end while commands start. */
const steps = 120;

let server: LocalNatsServer;

before(async () => {
  await smallDataset(at('data'), { users: ['t', 'u', 'v', 'w'] });
  server = await startLocalNatsServer({
    ...{ binary: findNatsServer(), directory: at('nats'), logFile: at('nats.log') },
  });
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const command = (...words: string[]) => startCommand(program, [...words, '--json']);
const onServer = (...words: string[]) =>
  startCommand(program, [...words, '--json'], { LOCKSTEP_NATS_URL: server.url });
const ask = (...words: string[]): Promise<CommandEnd> => onServer(...words).end;

function jobFile(name: string, workers: number): string {
  const job = smallJob(at('data'), {
    ...{ lanes: 4, batch: { sequences: 4 }, workers: { replicas: workers } },
    ...{ duration: { steps }, checkpoint: { everySteps: 100_000 } },
  });
  writeFileSync(at(name), JSON.stringify(job));
  return at(name);
}

// Would catch a pause that trains on, a checkpoint that changes the weights or is none, a drained worker
// that is started again or missed, and a run that does not come to the same bits behind all of that.
test('a run is paused, saved, drained and let go on, and has the weights of an undisturbed one', async () => {
  const alone = await command('train', jobFile('one.json', 1), '--output', at('one')).end;
  assert.equal(alone.code, exitCodes.success, alone.errors);

  const run = onServer('train', jobFile('three.json', 3), '--output', at('run'));
  const committed = (): number => run.lines.filter(({ kind }) => kind === 'committed').length;
  await run.committed(5);
  const paused = await ask('pause', 'small');
  assert.equal(paused.code, exitCodes.success, paused.errors);
  assert.equal(paused.last.kind, 'paused');
  const stands = Number(paused.last.committed_steps);
  assert.ok(stands < steps);

  const written = await ask('checkpoint', 'small');
  const again = await ask('checkpoint', 'small');
  assert.deepEqual(
    [written.last.kind, written.last.committed_steps, again.last.path],
    ['checkpoint', stands, written.last.path],
  );
  const unknown = await ask('drain', 'small', 'worker-9');
  assert.equal(unknown.code, exitCodes.usage);
  assert.match(
    unknown.errors,
    /Cannot drain "worker-9" of "small": no worker of the name "worker-9"/,
  );
  const drained = await ask('drain', 'small', 'worker-2');
  assert.deepEqual(
    [drained.last.kind, drained.last.members],
    ['drained', ['worker-0', 'worker-1']],
  );
  assert.equal(committed(), stands);

  const continued = await ask('continue', 'small');
  assert.equal(continued.last.kind, 'continued');
  const { code, errors, last, lines } = await run.end;
  assert.equal(code, exitCodes.success, errors);
  assert.equal(last.weights_sha256, alone.last.weights_sha256);
  const kinds = new Set(lines.map(({ kind }) => kind));
  for (const kind of ['paused', 'asked_checkpoint', 'draining', 'refused_request', 'went_on']) {
    assert.ok(kinds.has(kind), kind);
  }
  const newest = lines.findLast(({ kind }) => kind === 'generation');
  assert.deepEqual(newest?.members, ['worker-0', 'worker-1']);
  const audited = await command('audit', at('run')).end;
  assert.equal(audited.code, exitCodes.success, JSON.stringify(audited.last));
});

// Would catch a stop that a paused run does not hear, and a state that cannot be gone on with behind it.
test('a run that was stopped while it was paused goes on from its last checkpoint', async () => {
  const job = jobFile('two.json', 2);
  const words = ['train', job, '--output', at('stopped')];
  const run = onServer(...words);
  await run.committed(5);
  await ask('pause', 'small');
  const stopped = await ask('stop', 'small');
  assert.equal(stopped.last.how, 'stopped', stopped.errors);
  assert.equal((await run.end).code, exitCodes.stopped);
  const resumed = await command(...words, '--resume').end;
  assert.equal(resumed.code, exitCodes.success, resumed.errors);
  const audited = await command('audit', at('stopped')).end;
  assert.equal(audited.code, exitCodes.success, JSON.stringify(audited.last));
});
