import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { inRoot, root } from './paths.mjs';
import { StepFailedError } from './step-failed-error.mjs';

const tailLines = 25;

let running = null;

// The command leads a group of its own, so that a signal ends all of it, make and its compilers too.
// We end when it has, by its failure, so that the lock is given back.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    if (running === null) process.exit(1);
    process.kill(-running.pid, signal);
  });
}

/**
 * Runs `command` in the project's root; all it prints goes to build/setup/<log>.log.
 *
 * @param log begins the file anew unless `append`.
 * @throws StepFailedError with the end of the log.
 */
export async function runLogged(log, command, { append = false } = {}) {
  const file = inRoot(`build/setup/${log}.log`);
  mkdirSync(inRoot('build/setup'), { recursive: true });
  const out = openSync(file, append ? 'a' : 'w');
  writeSync(out, `$ ${command.join(' ')}\n`);
  const ended = await ending(command, out);
  closeSync(out);
  if (ended === 0) return;
  throw new StepFailedError(
    `Cannot set up: ${command.join(' ')}: ${ended}. Its output ends with:\n${tail(file)}\nAll of it: ${file}`,
  );
}

const ending = ([program, ...words], out) =>
  new Promise((resolve) => {
    const child = spawn(program, words, { cwd: root, stdio: ['ignore', out, out], detached: true });
    running = child;
    child.once('error', (error) => {
      running = null;
      resolve(`did not start (${error.message})`);
    });
    child.once('exit', (code, signal) => {
      running = null;
      resolve(code === 0 ? 0 : signal === null ? `exit code ${code}` : `ended by ${signal}`);
    });
  });

const tail = (file) =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-tailLines)
    .map((line) => `  ${line}`)
    .join('\n');
