/**
 * How commands end: exit code, stable word, whether there is a way on, and that it is one. What can be
 * known before a process is started is known before, and leaves nothing.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { sameKeyPress } from '../../cli/train/ending/interrupts.js';
import {
  type LocalNatsServer,
  startLocalNatsServer,
} from '../../process/nats/local-nats-server.js';
import { findNatsServer } from '../../process/nats/project-nats-server.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { projectRoot } from '../../shared/project-root.js';
import { type Command, type CommandEnd, startCommand, startPasted } from './command.js';
import { smallDataset } from './small-run/small-dataset.js';

const program = fileURLToPath(new URL('cli/lockstep.mjs', projectRoot));
const folder = mkdtempSync(join(tmpdir(), 'lockstep-exit-'));
const at = (name: string): string => join(folder, name);

const busy = createServer();
let server: LocalNatsServer;
let plain: ChildProcess;
let plainUrl = '';

const tower = { hiddenSize: 8, layers: 1, heads: 1, intermediateSize: 8 };
const spec = {
  data: { path: at('data/dataset'), sequences: { maxLength: 4 } },
  model: { item: tower, user: tower, maxTextLength: 4 },
  objective: { negatives: { all: true } },
  batch: { sequences: 2 },
  duration: { steps: 20_000 },
  lanes: 2,
  workers: { replicas: 1 },
  checkpoint: { everySteps: 5, keep: 2 },
  engine: { name: 'cpu' },
};

function writeJob(name: string, changes: object = {}): string {
  const job = {
    apiVersion: 'lockstep.dev/v1alpha1',
    kind: 'TrainingJob',
    metadata: { name: 'small' },
    spec: { ...spec, ...changes },
  };
  writeFileSync(at(name), JSON.stringify(job));
  return at(name);
}

before(async () => {
  await smallDataset(at('data/dataset'));
  await smallDataset(at('short/dataset'), { length: 3 });
  await smallDataset(at('other/dataset'), { length: 5 });
  // Ranked for seconds, in hundreds of batches, so that a stop comes in time.
  const users = Array.from({ length: 10_000 }, (_, user) => `u${user}`);
  await smallDataset(at('large/dataset'), { users, unseen: 25_000 });
  cpSync(at('data/dataset'), at('cut'), { recursive: true });
  writeFileSync(at('cut/sequence-offsets.u32'), 'x');
  cpSync(at('data/dataset'), at('changed'), { recursive: true });
  writeFileSync(
    at('changed/item-tokens.i32'),
    Buffer.alloc(readFileSync(at('changed/item-tokens.i32')).length),
  );
  writeJob('job.yaml');
  writeFileSync(at('a-file'), 'mine');
  writeFileSync(at('text.yaml'), 'just text');
  writeFileSync(at('utf-16.yaml'), Buffer.from('\ufeffspec: {}', 'utf16le'));
  writeFileSync(at('cycle.yaml'), 'spec: &a {data: *a}');
  writeFileSync(at('brackets.yaml'), '['.repeat(100_000));
  mkdirSync(at('empty-run'));
  writeJob('empty-run/job.json');
  busy.listen(0, '127.0.0.1');
  await once(busy, 'listening');
  server = await startLocalNatsServer({
    binary: findNatsServer(),
    directory: at('nats'),
    logFile: at('nats.log'),
  });
  await startPlainServer();
});
after(async () => {
  busy.close();
  plain.kill('SIGKILL');
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** One without JetStream. */
async function startPlainServer(): Promise<void> {
  mkdirSync(at('plain'));
  const words = ['-a', '127.0.0.1', '-p', '-1', '--ports_file_dir', at('plain')];
  plain = spawn(findNatsServer(), words, { stdio: 'ignore' });
  for (let look = 0; look < 500 && plainUrl === ''; look++) {
    const [file] = readdirSync(at('plain'));
    const text = file === undefined ? '' : readFileSync(join(at('plain'), file), 'utf8');
    plainUrl = /nats:\/\/[0-9.]+:\d+/.exec(text)?.[0] ?? '';
    await sleep(20);
  }
}

const run = (...words: string[]): Promise<CommandEnd> => startCommand(program, words).end;
const busyPort = (): string => String((busy.address() as AddressInfo).port - 1);

interface Refusal {
  readonly words: () => readonly string[];
  readonly code: string;
  readonly says: RegExp;
  readonly skip?: string | false;
  readonly environment?: () => Readonly<Record<string, string>>;
}

const train = (...words: string[]): string[] => ['train', at('job.yaml'), ...words];
const withData = (path: string): string[] =>
  train('--set', `data.path=${JSON.stringify(at(path))}`);
const usage = (words: () => readonly string[], says: RegExp): Refusal => ({
  words,
  code: 'USAGE',
  says,
});
const invalid = (words: () => readonly string[], says: RegExp): Refusal => ({
  words,
  code: 'JOB_SPEC_INVALID',
  says,
});

const withoutTensorflow = existsSync(new URL('build/tensorflow/node_modules', projectRoot))
  ? 'the engine is set up here'
  : false;

const refusals: Readonly<Record<string, Refusal>> = {
  'an unknown command': usage(() => ['trane'], /no command "trane".*train/),
  'an unknown option': usage(() => train('--wrokers', '2'), /--wrokers/),
  'a job file that is missing': usage(() => ['train', at('none.yaml')], /none\.yaml/),
  'a job file that is a folder': usage(() => ['train', folder], /it is a folder/),
  'a job file in UTF-16': usage(() => ['train', at('utf-16.yaml')], /save it as UTF-8/),
  'a job file that is no mapping': invalid(() => ['train', at('text.yaml')], /must be a mapping/),
  'the same with --set, which is not to blame': invalid(
    () => ['train', at('text.yaml'), '--set', 'seed=1'],
    /^(?!.*--set).*must be a mapping/s,
  ),
  'an alias that contains itself': invalid(() => ['train', at('cycle.yaml')], /contain itself/),
  '100,000 brackets': invalid(() => ['train', at('brackets.yaml')], /nested deeper/),
  'an override that is at fault': invalid(() => train('--set', 'lanes.x=1'), /--set lanes\.x=1/),
  'more workers than lanes': invalid(
    () => train('--workers', '3'),
    /workers\.replicas.*lanes|lanes.*3/,
  ),
  'a warm-up that outlasts the epochs': invalid(
    () => train('--set', 'duration.epochs=1', '--set', 'optimizer.schedule.warmupSteps=50'),
    /warmupSteps.*at most the 1 steps.*50/,
  ),
  'too few interactions': {
    words: () => withData('short/dataset'),
    code: 'EMPTY_PLAN',
    says: /none of 2 users/,
  },
  'an unknown dataset': {
    words: () => train('--set', 'data.dataset=movies'),
    code: 'UNKNOWN_DATASET',
    says: /movies/,
  },
  'a folder without a dataset': {
    words: () => withData('nowhere'),
    code: 'NOT_A_DATASET',
    says: /nowhere/,
  },
  'a dataset that is cut': {
    words: () => withData('cut'),
    code: 'DAMAGED_DATASET',
    says: /sequence-offsets/,
  },
  'an output that is a file': {
    words: () => train('--output', at('a-file')),
    code: 'FOLDER_UNUSABLE',
    says: /a-file/,
  },
  'an output below a file': {
    words: () => train('--output', at('a-file/run')),
    code: 'FOLDER_UNUSABLE',
    says: /a-file/,
  },
  "a busy port, which a worker's would be": {
    words: () => train('--metrics-port', busyPort()),
    code: 'PORT_UNAVAILABLE',
    says: /--metrics-port \d+: the ports \d+ to \d+ must be free/,
  },
  'an engine that is not set up': {
    words: () => train('--set', 'engine.name=tensorflow'),
    code: 'ENGINE_UNAVAILABLE',
    says: /npm run setup -- --engine tensorflow/,
    skip: withoutTensorflow,
  },
  'no nats-server': {
    words: () => train(),
    code: 'NATS_SERVER_MISSING',
    says: /LOCKSTEP_NATS_SERVER must name an executable file/,
    environment: () => ({ LOCKSTEP_NATS_SERVER: '/nowhere' }),
  },
  '--resume without a checkpoint': usage(() => train('--resume'), /no checkpoint/),
  'eval of a folder without a run': usage(() => ['eval', folder], /--output of a run/),
  'eval without a checkpoint': usage(() => ['eval', at('empty-run')], /no checkpoint/),
  '--nats that is no address': usage(() => train('--nats', 'localhost:4222'), /nats:\/\/host:4222/),
  '--nats of another scheme': usage(
    () => train('--nats', 'http://host:4222'),
    /nats:\/\/host:4222/,
  ),
  '--nats with a secret, which everyone could read': usage(
    () => train('--nats', server.url.replace(/:\w+@/, ':geheim@')),
    /^(?!.*geheim).*LOCKSTEP_NATS_URL/,
  ),
  'a wrong secret of a nats-server': {
    ...usage(() => train(), /^(?!.*geheim).*[Aa]uthorization/),
    environment: () => ({ LOCKSTEP_NATS_URL: server.url.replace(/:\w+@/, ':geheim@') }),
  },
  '--nats without JetStream': usage(() => train('--nats', plainUrl), /JetStream/),
};

// Would catch: a supervisor that starts a hopeless command for ever, and a "To resume" that cannot work.
for (const [name, { words, code, says, skip, environment }] of Object.entries(refusals)) {
  test(`refused before anything is started: ${name}`, { skip: skip ?? false }, async () => {
    const output = at('refused');
    const given = words();
    const into = given[0] === 'train' && !given.includes('--output') ? ['--output', output] : [];
    const command = startCommand(program, [...given, ...into, '--json'], environment?.());
    const { code: exitCode, last, errors } = await command.end;
    assert.equal(exitCode, exitCodes.usage, errors);
    assert.deepEqual(
      { kind: last.kind, exit_code: last.exit_code, code: last.code, resume: last.resume },
      { kind: 'failed', exit_code: exitCodes.usage, code, resume: null },
    );
    assert.match(String(last.message), says);
    assert.ok(errors.length < 5000 && !/^ +at /m.test(errors), errors.slice(0, 1000));
    assert.equal(command.pids.size, 0);
    assert.ok(!existsSync(output));
  });
}

// Would catch a supervisor that takes a server which is not up yet for a mistake, and never tries again.
test('a nats-server that does not come in time is a loss, and no usage error', async () => {
  const words = [...train('--nats', 'nats://127.0.0.1:1'), '--output', at('unreached'), '--json'];
  const environment = { LOCKSTEP_NATS_WAIT: '1' };
  const { code, last, errors } = await startCommand(program, words, environment).end;
  assert.deepEqual([code, last.code], [exitCodes.lost, 'BUS_LOST']);
  assert.match(errors, /^waiting: Cannot connect to nats-server at 127\.0\.0\.1:1: .*for 1 s\n/);
  assert.ok(!existsSync(at('unreached')));
});

// Would catch: what only a process can see is taken for a loss that --resume mends.
test('a dataset whose bytes have changed is refused by whoever reads it', async () => {
  const { code, last } = await run(...withData('changed'), '--output', at('changed-run'), '--json');
  assert.deepEqual([code, last.code, last.resume], [2, 'DAMAGED_DATASET', null]);
});

// Would catch an evaluation of the seed's weights, or a training from it, that looks like a success.
test('checkpoints that are damaged are refused by eval and by --resume', async () => {
  const words = train('--set', 'duration.steps=1', '--output', at('damaged'), '--json');
  assert.equal((await run(...words)).code, exitCodes.success);
  const checkpoint = at('damaged/checkpoints/step-00000001');
  truncateSync(join(checkpoint, 'model.safetensors'), 100);
  const outcomes = [
    [['eval', at('damaged'), '--json'], 'CHECKPOINT_MISSING'],
    [['eval', checkpoint, '--json'], 'CHECKPOINT_REFUSED'],
    [[...words, '--resume'], 'CHECKPOINT_MISSING'],
  ] as const;
  for (const [again, code] of outcomes) {
    const { code: exitCode, last } = await run(...again);
    assert.deepEqual([exitCode, last.code, last.resume], [exitCodes.usage, code, null]);
  }
});

/** The command that a last line names, as a shell runs it. */
function follow(last: CommandEnd['last']): Command {
  assert.equal(typeof last.resume, 'string', JSON.stringify(last));
  return startPasted(String(last.resume));
}

// Would catch a hint that cannot work: the next command of each end is run as it is printed.
test('Ctrl-C and a second Ctrl-C name the command that goes on, and it does', async () => {
  const first = startCommand(program, train('--output', at('run'), '--json'));
  await first.committed(12);
  // It is started again, and no end of the run.
  process.kill(first.pids.get('worker-0') as number, 'SIGKILL');
  await first.committed(30);
  first.process.kill('SIGINT');
  const ended = await first.end;
  assert.equal(ended.code, exitCodes.stopped, ended.errors);

  const second = follow(ended.last);
  await second.committed(2);
  second.process.kill('SIGINT');
  const stopped = await second.end;
  assert.equal(stopped.code, exitCodes.stopped, stopped.errors);
  assert.equal(stopped.last.stopped, true);
  assert.ok(Number(stopped.last.committed_steps) >= Number(ended.last.committed_steps) + 2);

  const third = follow(stopped.last);
  await third.committed(2);
  // Frozen, so that the first wish cannot be granted before the second comes.
  for (const name of ['coordinator', 'worker-0']) {
    process.kill(third.pids.get(name) as number, 'SIGSTOP');
  }
  third.process.kill('SIGINT');
  await sleep(2 * sameKeyPress);
  third.process.kill('SIGINT');
  const interrupted = await third.end;
  assert.equal(interrupted.code, exitCodes.interrupted, interrupted.errors);

  const fourth = follow(interrupted.last);
  await fourth.committed(2);
  fourth.process.kill('SIGTERM');
  assert.equal((await fourth.end).code, exitCodes.stopped);

  const other = train('--output', at('run'), '--resume', '--json', '--set');
  const foreign = await run(...other, `data.path=${at('other/dataset')}`);
  assert.deepEqual([foreign.code, foreign.last.code, foreign.last.resume], [2, 'USAGE', null]);
  assert.match(String(foreign.last.message), /dataset/);
});

// Would catch a Ctrl-C that waits for the whole catalogue: at the end of a training, and in eval.
test('Ctrl-C during an evaluation gives it up; --resume and eval make up for it', async () => {
  const data = ['--set', `data.path=${at('large/dataset')}`, '--set', 'duration.steps=5'];
  const words = train(...data, '--workers', '2', '--output', at('evaluated'), '--json');
  const training = startCommand(program, words);
  await training.said('evaluating');
  training.process.kill('SIGINT');
  const trained = await training.end;
  assert.equal(trained.code, exitCodes.stopped, trained.errors);
  const { stopped, committed_steps, metrics } = trained.last;
  assert.deepEqual([stopped, committed_steps], [true, 5]);
  assert.equal((metrics as { test: unknown }).test, null);
  assert.match(trained.errors, /giving up the evaluation/);

  const evaluating = startCommand(program, ['eval', at('evaluated'), '--json']);
  await evaluating.said('evaluating');
  evaluating.process.kill('SIGINT');
  const evaluated = await evaluating.end;
  assert.equal(evaluated.code, exitCodes.stopped, evaluated.errors);
  assert.equal(evaluated.last.stopped, true);

  const resumed = follow(trained.last);
  const { code, last, errors } = await resumed.end;
  assert.equal(code, exitCodes.success, errors);
  assert.equal(last.weights_sha256, trained.last.weights_sha256);
});
