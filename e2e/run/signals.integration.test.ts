/** Ctrl-C, and what is left when the command itself is killed. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { exitCodes } from '../../shared/exit-codes.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-signals-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const program = fileURLToPath(new URL('./small-run/small-train.js', import.meta.url));

interface Command {
  readonly process: ChildProcess;
  readonly output: string;
  /** Pids that the command named on standard error. */
  readonly pids: number[];
  /** Resolves when so many steps are committed. */
  committed(steps: number): Promise<void>;
  /** The exit code and the last line of standard output. */
  readonly end: Promise<{ code: number | null; last: Record<string, unknown> }>;
}

function start(name: string, workers: number): Command {
  const output = join(folder, name);
  const child = spawn(process.execPath, [program, output, String(workers), '100000'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pids: number[] = [];
  let last: Record<string, unknown> = {};
  let steps = 0;
  let onStep: () => void = () => undefined;
  createInterface({ input: child.stderr }).on('line', (line) => {
    const pid = /^\S+: pid (\d+)/.exec(line)?.[1];
    if (pid !== undefined) pids.push(Number(pid));
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    last = JSON.parse(line) as Record<string, unknown>;
    if (last.kind === 'committed') steps++;
    onStep();
  });
  const end = new Promise<{ code: number | null; last: Record<string, unknown> }>((resolve) =>
    child.once('close', (code) => resolve({ code, last })),
  );
  const committed = (wanted: number): Promise<void> =>
    new Promise((resolve) => {
      onStep = () => {
        if (steps >= wanted) resolve();
      };
      onStep();
    });
  return { process: child, output, pids, committed, end };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Looks until the processes are gone, for as long as a user would wait. */
async function assertGone(pids: readonly number[]): Promise<void> {
  for (let look = 0; look < 100 && pids.some(isAlive); look++) await pause(100);
  assert.deepEqual(pids.filter(isAlive), []);
}

// Would catch a Ctrl-C that kills the step, forgets the checkpoint or hides how to go on.
test('Ctrl-C finishes the step, writes a checkpoint and exits with its own code', async () => {
  const command = start('ctrl-c', 1);
  await command.committed(3);
  command.process.kill('SIGINT');
  const { code, last } = await command.end;
  assert.equal(code, exitCodes.stopped, JSON.stringify(last));
  assert.equal(last.stopped, true);
  assert.match(String(last.weights_sha256), /^[0-9a-f]{64}$/);
  assert.ok(existsSync(String(last.checkpoint)));
  await assertGone(command.pids);
});

// Would catch a closed terminal or a service manager that costs the step and the checkpoint.
for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} stops like Ctrl-C`, async () => {
    const command = start(signal, 1);
    await command.committed(3);
    command.process.kill(signal);
    const { code, last } = await command.end;
    assert.equal(code, exitCodes.stopped, JSON.stringify(last));
    assert.ok(existsSync(String(last.checkpoint)));
    await assertGone(command.pids);
  });
}

// Would catch a run that dies in mid-step, or trains on unseen, when `| head` has read enough.
test('a reader that goes away stops the run, with a checkpoint and without a word', async () => {
  const command = start('closed-pipe', 1);
  const said: string[] = [];
  command.process.stderr?.on('data', (data: Buffer) => said.push(data.toString()));
  await command.committed(3);
  command.process.stdout?.destroy();
  assert.equal((await command.end).code, exitCodes.stopped);
  assert.ok(readdirSync(join(command.output, 'checkpoints')).some((name) => /^step-/.test(name)));
  assert.doesNotMatch(said.join(''), /EPIPE|Error| at /);
  await assertGone(command.pids);
});

const withDevFull = { skip: existsSync('/dev/full') ? false : 'needs /dev/full' };

// Would catch a full disk under a log that ends the run with a stack trace and leaves its processes.
test('output onto a full disk stops the run like Ctrl-C', withDevFull, async () => {
  const full = openSync('/dev/full', 'w');
  const output = join(folder, 'full-log');
  const child = spawn(process.execPath, [program, output, '1', '100000'], {
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (data: string) => {
    said += data;
  });
  const [code] = await once(child, 'close');
  assert.equal(code, exitCodes.stopped, said);
  assert.doesNotMatch(said, /^ +at /m);
  const result = JSON.parse(readFileSync(join(output, 'result.json'), 'utf8'));
  assert.equal(result.exit_code, exitCodes.stopped);
});

// Would catch a key press that arrives twice (from the terminal and from npm) and is taken for two.
test('two signals in the same instant are one Ctrl-C', async () => {
  const command = start('twice', 1);
  await command.committed(3);
  command.process.kill('SIGINT');
  command.process.kill('SIGTERM');
  const { code, last } = await command.end;
  assert.equal(code, exitCodes.stopped, JSON.stringify(last));
  assert.equal(last.stopped, true);
});

// Would catch a second Ctrl-C that waits for a step which never ends.
test('a later second Ctrl-C stops at once, whatever hangs', async () => {
  const command = start('at-once', 1);
  await command.committed(3);
  for (const pid of command.pids.slice(1)) process.kill(pid, 'SIGSTOP');
  command.process.kill('SIGINT');
  await pause(600);
  command.process.kill('SIGINT');
  const { code, last } = await command.end;
  assert.equal(code, exitCodes.interrupted);
  assert.equal(last.code, 'INTERRUPTED');
  await assertGone(command.pids);
});

/** The state letters of processes: T is stopped. */
const statesOf = (pids: readonly number[]): string =>
  pids
    .map((pid) =>
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .charAt(0),
    )
    .join('');

/** Looks until the command and all of its processes are stopped. */
async function untilPaused(command: Command): Promise<void> {
  const pids = [command.process.pid as number, ...command.pids];
  for (let look = 0; look < 100 && !/^T+$/.test(statesOf(pids)); look++) await pause(100);
  assert.equal(statesOf(pids), 'T'.repeat(pids.length));
}

const withoutProc = { skip: existsSync('/proc/self/stat') ? false : 'needs /proc' };

// Would catch a Ctrl-Z that stops the command while training goes on unseen, and one that loses the run.
test('Ctrl-Z pauses every process of the run, and fg goes on', withoutProc, async () => {
  // One worker: the stand-in for training does not agree with others on the step of a stop.
  const command = start('ctrl-z', 1);
  await command.committed(3);
  command.process.kill('SIGTSTP');
  await untilPaused(command);
  command.process.kill('SIGCONT');
  await command.committed(30);
  command.process.kill('SIGTSTP');
  await untilPaused(command);
  command.process.kill('SIGCONT');
  command.process.kill('SIGINT');
  const { code, last } = await command.end;
  assert.equal(code, exitCodes.stopped, JSON.stringify(last));
  assert.equal(last.stopped, true);
  await assertGone(command.pids);
});

// Would catch stopped processes that stay for ever because nobody is left to let them go on.
test('a command that is killed while it is paused leaves no process', withoutProc, async () => {
  const command = start('killed-paused', 2);
  await command.committed(3);
  command.process.kill('SIGTSTP');
  await untilPaused(command);
  command.process.kill('SIGKILL');
  await command.end;
  await assertGone(command.pids);
});

// Would catch orphans: training that nobody sees, a nats-server that keeps its port and its folder.
test('a killed command takes every process and the folder of nats-server with it', async () => {
  const command = start('killed', 2);
  await command.committed(3);
  assert.equal(command.pids.length, 4);
  command.process.kill('SIGKILL');
  await command.end;
  await assertGone(command.pids);
  for (let look = 0; look < 50 && leftovers(command.output).length > 0; look++) await pause(100);
  assert.deepEqual(leftovers(command.output), []);
});

const leftovers = (output: string): string[] =>
  readdirSync(output).filter((entry) => entry.startsWith('.nats'));
