import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
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
  const ended = await ending(command, { stdio: ['ignore', out, out] });
  closeSync(out);
  if (ended !== 0) throw new StepFailedError(failure(command, ended, file));
}

/**
 * Like `runLogged`, and hands each line of standard output to `onLine`, whose error ends the command.
 *
 * @param environment variables besides our own
 */
export async function runLines(log, command, environment, onLine) {
  const file = inRoot(`build/setup/${log}.log`);
  mkdirSync(inRoot('build/setup'), { recursive: true });
  const out = openSync(file, 'a');
  writeSync(out, `$ ${command.join(' ')}\n`);
  let refused = null;
  const options = { stdio: ['ignore', 'pipe', out], env: { ...process.env, ...environment } };
  const ended = await ending(command, options, (child) =>
    createInterface({ input: child.stdout }).on('line', (line) => {
      writeSync(out, `${line}\n`);
      try {
        if (refused === null) onLine(line);
      } catch (error) {
        refused = error;
      }
    }),
  );
  closeSync(out);
  if (refused !== null) throw refused;
  if (ended !== 0) throw new StepFailedError(failure(command, ended, file));
}

const failure = (command, ended, file) =>
  `Cannot set up: ${command.join(' ')}: ${ended}. Its output ends with:\n${tail(file)}\nAll of it: ${file}`;

/** @returns 0, or in words how it ended, once its output has been read to the end. */
const ending = ([program, ...words], options, onStart = () => {}) =>
  new Promise((resolve) => {
    const child = spawn(program, words, { cwd: root, detached: true, ...options });
    onStart(child);
    running = child;
    child.once('error', (error) => {
      running = null;
      resolve(`did not start (${error.message})`);
    });
    child.once('close', (code, signal) => {
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
