/**
 * What runs do to each other, at once or one after the other: real processes and real nats-servers,
 * with a training thread that holds where a test wants it to.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
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
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { type Command, startCommand } from './command.js';
import { smallDataset } from './small-run/small-dataset.js';
import { holdFile } from './small-run/small-run.js';

const program = fileURLToPath(new URL('./small-run/small-train.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-two-'));
const steps = 15;

let server: LocalNatsServer;
/** Of seed 1, by a run that nobody disturbed. */
let undisturbed: unknown;

before(async () => {
  await smallDataset(join(folder, 'dataset'));
  server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: join(folder, 'nats'),
    logFile: join(folder, 'nats.log'),
  });
  const { code, last, errors } = await train('alone').end;
  assert.equal(code, exitCodes.success, errors);
  undisturbed = last.weights_sha256;
});
after(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

const output = (of: string): string => join(folder, of);

const train = (into: string, ...more: string[]): Command =>
  startCommand(program, [output(into), '2', String(steps), ...more]);

const onServer = (): string[] => ['--nats', server.url];

/** A run that holds before its last step until it is let go. */
async function held(into: string, ...more: string[]): Promise<Command & { letGo: () => void }> {
  writeFileSync(holdFile(output(into)), '');
  const command = train(into, ...more);
  await command.committed(steps - 1);
  return { ...command, letGo: () => rmSync(holdFile(output(into))) };
}

async function assertUnharmed(command: Command): Promise<void> {
  const { code, last, errors } = await command.end;
  assert.equal(code, exitCodes.success, errors);
  assert.equal(last.weights_sha256, undisturbed);
}

/** What says whose the folder is, and which run it holds. */
const identity = (of: string): string =>
  ['job.json', 'run.json', '.lock'].map((name) => readFileSync(join(output(of), name))).join();

const hidden = (of: string): string[] =>
  readdirSync(output(of)).filter((name) => name.startsWith('.'));

async function namesOnServer(): Promise<string[]> {
  const bus = await openNatsBus({ url: server.url, name: 'test' });
  const { streams, objects } = await bus.names();
  await bus.close();
  // What a run's log says of it can be read for a while after its end.
  return [...streams, ...objects].filter((name) => /^lockstep-(?!log-)/.test(name));
}

// Would catch a second run that overwrites the first one's job, checkpoints or weights, with
// --resume or without.
test('a second run into a folder exits with 2, changes nothing, and the first is unharmed', async () => {
  const first = await held('shared');
  const before = identity('shared');
  for (const more of [[], ['--resume']]) {
    const { code, errors, last } = await train('shared', '--seed', '2', ...more).end;
    assert.equal(code, exitCodes.usage, errors);
    assert.match(errors, new RegExp(`the run of pid ${first.process.pid} on \\S+ \\(since 2`));
    assert.deepEqual(last, {});
    assert.equal(identity('shared'), before);
  }
  first.letGo();
  await assertUnharmed(first);
  assert.deepEqual(hidden('shared'), []);
});

// Would catch two runs that start in the same instant, and both train or both give up.
test('of two runs that start into a folder at once, one trains and one exits with 2', async () => {
  writeFileSync(holdFile(output('instant')), '');
  const both = [train('instant'), train('instant')];
  const loser = await Promise.race(both.map(async (one) => ({ one, end: await one.end })));
  assert.equal(loser.end.code, exitCodes.usage, loser.end.errors);
  rmSync(holdFile(output('instant')));
  await assertUnharmed(both.find((one) => one !== loser.one) as Command);
});

// Would catch a watcher that ends the run it watches, or a script that reads no last line of it.
test('Ctrl-C ends the watching with a last line, and the run goes on', async () => {
  const watched = await held('watched', ...onServer());
  const lockstep = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
  const address = { LOCKSTEP_NATS_URL: server.url };
  const watching = startCommand(lockstep, ['attach', 'small', '--json'], address);
  await watching.committed(steps - 1);
  watching.process.kill('SIGINT');
  const { code, last, errors } = await watching.end;
  assert.deepEqual([code, last.kind, last.exit_code, last.job], [0, 'left', 0, 'small'], errors);
  watched.letGo();
  await assertUnharmed(watched);
});

// Would catch a second run of a name that takes the first one's stream, and trains with its workers.
test('a second live run of a name on one server exits with 2, and the first is unharmed', async () => {
  const first = await held('name-a', ...onServer());
  const streams = await namesOnServer();
  const second = await train('name-b', '--seed', '2', ...onServer()).end;
  assert.equal(second.code, exitCodes.usage, second.errors);
  const coordinator = first.pids.get('coordinator');
  assert.match(
    second.errors,
    new RegExp(`"small" on this nats-server: its run t\\w{16} is live: pid ${coordinator} on`),
  );
  // It has left nothing, not even the folder that it would have had.
  assert.equal(existsSync(output('name-b')), false);
  assert.deepEqual(await namesOnServer(), streams);
  first.letGo();
  await assertUnharmed(first);
  assert.deepEqual(await namesOnServer(), []);
});

// Would catch two that start in the same instant and both believe that the name is theirs.
test('of two runs of a name that start at once, one trains and one exits with 2', async () => {
  for (const of of ['at-once-a', 'at-once-b']) writeFileSync(holdFile(output(of)), '');
  const both = ['at-once-a', 'at-once-b'].map((into) => ({
    into,
    one: train(into, ...onServer()),
  }));
  const loser = await Promise.race(both.map(async (of) => ({ ...of, end: await of.one.end })));
  assert.equal(loser.end.code, exitCodes.usage, loser.end.errors);
  assert.equal(existsSync(output(loser.into)), false);
  const winner = both.find(({ into }) => into !== loser.into);
  rmSync(holdFile(output(winner?.into ?? '')));
  await assertUnharmed(winner?.one as Command);
});

// Would catch a job whose end takes what another one on the server still needs.
test('several jobs on one server train side by side, and none is hurt by the end of another', async () => {
  const names = ['one', 'two', 'three'];
  const runs = await Promise.all(
    names.map((name) => held(`job-${name}`, '--name', name, ...onServer())),
  );
  assert.equal((await namesOnServer()).length, 3);
  for (const [ended, run] of runs.entries()) {
    run.letGo();
    await assertUnharmed(run);
    assert.equal((await namesOnServer()).length, 2 - ended);
  }
});

/** As when the machine loses its power, or a container is killed: nobody cleans up. */
async function killAll(command: Command): Promise<void> {
  const pids = [command.process.pid, ...command.pids.values()].map(Number);
  for (const pid of pids) process.kill(pid, 'SIGSTOP');
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  await once(command.process, 'exit');
}

// Would catch a killed run whose lock, stream or folders stop the next one, are taken for its own, or
// stay for ever.
test('a run that was killed whole is resumed to the same weights, and what it left is swept', async () => {
  const first = await held('killed', ...onServer());
  const { id } = JSON.parse(readFileSync(join(output('killed'), 'run.json'), 'utf8'));
  await killAll(first);
  assert.ok(hidden('killed').includes('.lock'));
  assert.equal((await namesOnServer()).length, 1);
  // As left by a container, in which everyone is pid 1.
  for (const name of ['.nats-1', '.job.json.1.partial', 'checkpoints/.step-00000010.1.partial']) {
    mkdirSync(join(output('killed'), name), { recursive: true });
  }
  rmSync(holdFile(output('killed')));
  const again = train('killed', '--resume', ...onServer());
  await assertUnharmed(again);
  assert.deepEqual(hidden('killed'), []);
  assert.deepEqual(readdirSync(join(output('killed'), 'checkpoints')).filter(isHidden), []);
  assert.equal(JSON.parse(readFileSync(join(output('killed'), 'run.json'), 'utf8')).id, id);
  assert.deepEqual(await namesOnServer(), []);
});

const isHidden = (name: string): boolean => name.startsWith('.');

// Would catch a refused --resume after which the folder says that its checkpoints are another job's.
test('a refused command leaves the folder as it was, and a right one still works', async () => {
  const { code } = await train('refused').end;
  assert.equal(code, exitCodes.success);
  const names = ['job.json', 'run.json'];
  const contents = (): string =>
    names.map((name) => readFileSync(join(output('refused'), name))).join();
  const before = contents();
  for (const more of [
    ['--resume', '--seed', '2'],
    [],
    ['--resume', '--nats', 'nats://127.0.0.1:1'],
    ['--resume', '--nats', 'no address'],
  ]) {
    const words = [output('refused'), '2', String(steps), ...more];
    const refused = await startCommand(program, words, { LOCKSTEP_NATS_WAIT: '0' }).end;
    assert.notEqual(refused.code, exitCodes.success);
    assert.equal(contents(), before, more.join(' '));
    assert.deepEqual(hidden('refused'), []);
  }
  const again = await train('refused', '--resume').end;
  assert.equal(again.code, exitCodes.success, again.errors);
});
