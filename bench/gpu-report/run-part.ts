/**
 * Runs a part's commands one after the other. Each leads a process group of its own, so that a time
 * limit ends all of it: make and its compilers, a test and the process that it forked.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Command, CommandResult, Ending, Part, PartResult } from './part.js';
import { lastJson, testCounts } from './read-output.js';

/** Between being asked to end and being ended. */
const graceMs = 3000;

const tailLines = 40;

let running: ChildProcess | null = null;

/** For whoever is ended while a command runs. */
export function endRunning(): void {
  if (running !== null) signalGroup(running, 'SIGKILL');
}

/**
 * @param logs the folder for logs.
 * @param label begins the logs' names.
 * @param secondsLeft what is left of the whole run.
 */
export async function runPart(
  part: Part,
  { logs, label, secondsLeft }: { logs: string; label: string; secondsLeft: number },
): Promise<PartResult> {
  const skipped = (reason: string): PartResult => ({
    part,
    ending: { kind: 'skipped', reason },
    seconds: 0,
    commands: [],
  });
  if (part.commands.length === 0) return skipped('the bundle has no file for it');
  if (secondsLeft <= 0) return skipped('no time was left');
  const start = performance.now();
  const limit = Math.min(part.limitSeconds, secondsLeft);
  const seconds = (): number => (performance.now() - start) / 1000;
  const commands: CommandResult[] = [];
  for (const [index, command] of part.commands.entries()) {
    const log = `${label}-${index + 1}.log`;
    commands.push(await runCommand(command, { logs, log, limit: limit - seconds() }));
    // What was to be measured in turns says something alone, too; a build goes no further.
    if (part.purpose.kind !== 'turns' && commands.at(-1)?.ending.kind !== 'passed') break;
  }
  return { part, ending: endingOf(commands), seconds: seconds(), commands };
}

/** A part passed where all of its commands did; else the first failure speaks for it. */
const endingOf = (commands: readonly CommandResult[]): Ending =>
  commands.find(({ ending }) => ending.kind !== 'passed')?.ending ?? { kind: 'passed' };

async function runCommand(
  command: Command,
  { logs, log, limit }: { logs: string; log: string; limit: number },
): Promise<CommandResult> {
  const start = performance.now();
  const file = `${logs}/${log}`;
  const out = openSync(file, 'w');
  writeSync(out, `$ ${command.words.join(' ')}\n`);
  const problem = limit <= 0 ? 'no time was left' : await problemOf(command.words, out, limit);
  closeSync(out);
  const output = readFileSync(file, 'utf8');
  const tests = testCounts(output);
  const reason = problem ?? (tests?.pass === 0 ? 'no test passed: at least one should' : null);
  return {
    command,
    log,
    ending: reason === null ? { kind: 'passed' } : { kind: 'failed', reason },
    seconds: (performance.now() - start) / 1000,
    json: lastJson(output),
    tests,
    tail: output.trimEnd().split('\n').slice(-tailLines).join('\n'),
  };
}

/** null where it ended as it should. */
function problemOf(words: readonly string[], out: number, limit: number): Promise<string | null> {
  const [program, ...rest] = words;
  const child = spawn(program as string, rest, { stdio: ['ignore', out, out], detached: true });
  running = child;
  let late = false;
  const timers = [
    setTimeout(() => {
      late = true;
      signalGroup(child, 'SIGTERM');
    }, limit * 1000),
    setTimeout(() => signalGroup(child, 'SIGKILL'), limit * 1000 + graceMs),
  ];
  return new Promise((resolve) => {
    const end = (problem: string | null): void => {
      for (const timer of timers) clearTimeout(timer);
      running = null;
      resolve(problem);
    };
    child.once('error', (error) => end(`it did not start: ${error.message}`));
    child.once('exit', (code, signal) => {
      // What it has started must not compute beside the next command.
      signalGroup(child, 'SIGKILL');
      if (late) end(`it was ended after ${limit.toFixed(0)} s, all that its part had left`);
      else end(code === 0 ? null : `it ended with ${code ?? signal}`);
    });
  });
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // All of the group has ended.
  }
}
