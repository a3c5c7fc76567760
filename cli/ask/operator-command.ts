/** `lockstep pause`, `continue`, `checkpoint` and `drain`: what an operator asks of a run that goes on. */
import type { Bus } from '../../shared/bus.js';
import { type ExitCode, exitCodes } from '../../shared/exit-codes.js';
import { newRequestId, type OperatorRequest } from '../../shared/messages/cluster/control.js';
import type { LogEnd } from '../cluster/follow-run.js';
import { readNames, type WatchArguments } from '../cluster/watch-arguments.js';
import { printableLines } from '../output/text/printable.js';
import { UsageError } from '../usage-error.js';
import { useServer } from '../use-server.js';
import { asker, askRun } from './ask-run.js';
import { type Done, RequestAnswers } from './request-answers.js';

interface OperatorCommand {
  /** As in "lockstep pause", and in "Cannot pause". */
  readonly word: string;
  readonly help: string;
  /** Behind the job's NAME, for errors. */
  readonly operands?: readonly string[];
  readonly requestOf: (operands: readonly string[]) => Wish;
}

type Wish =
  | { readonly kind: 'pause' | 'go-on' | 'checkpoint' }
  | { readonly kind: 'drain'; readonly worker: string };

/** @throws UsageError */
export async function runOperatorCommand(
  { help, operands = [], requestOf, word }: OperatorCommand,
  words: readonly string[],
): Promise<ExitCode> {
  const given = readNames(word, ["a job's NAME", ...operands], words);
  if (given === null) {
    process.stdout.write(`${help}\n`);
    return exitCodes.success;
  }
  const [name = '', ...more] = given.names;
  const asked = { ...requestOf(more), by: asker(), id: newRequestId() } as OperatorRequest;
  return useServer(
    given.nats,
    async (bus) => {
      try {
        say({ ...given, name }, await ask(bus, { ...given, name }, word, asked));
        return exitCodes.success;
      } finally {
        await bus.close();
      }
    },
    { reconnect: true },
  );
}

function ask(
  bus: Bus,
  { json, name }: WatchArguments,
  verb: string,
  request: OperatorRequest,
): Promise<Done> {
  const what =
    request.kind === 'drain' ? `${verb} "${request.worker}" of "${name}"` : `${verb} "${name}"`;
  const note = (text: string): void => {
    if (!json) sayText(text);
  };
  return askRun(bus, {
    name,
    verb,
    request,
    answers: new RequestAnswers(request, what, note),
    onEnd: (end) => atEnd(end, request, what),
  });
}

/** A checkpoint is written at the end, too. */
function atEnd(end: LogEnd, request: OperatorRequest, what: string): Done {
  if (end.kind === 'finished' && request.kind === 'checkpoint' && end.result.checkpoint !== null) {
    const { checkpoint, committedSteps } = end.result;
    return { kind: 'checkpoint', committedSteps, path: checkpoint };
  }
  const how = end.kind === 'finished' ? 'the run is over' : `the run has failed: ${end.code}`;
  throw new UsageError(`Cannot ${what}: ${how}`);
}

function say({ json, name }: WatchArguments, done: Done): void {
  if (json) process.stdout.write(`${JSON.stringify(lineOf(name, done))}\n`);
  else sayText(textOf(name, done));
}

/** Names and paths in it are others' words. */
const sayText = (text: string): void => void process.stdout.write(`${printableLines(text)}\n`);

function lineOf(job: string, done: Done): object {
  switch (done.kind) {
    case 'paused':
      return { kind: done.kind, job, committed_steps: done.committedSteps };
    case 'continued':
      return { kind: done.kind, job };
    case 'checkpoint':
      return { kind: done.kind, job, committed_steps: done.committedSteps, path: done.path };
    case 'drained': {
      const { generation, members, worker } = done;
      return { kind: done.kind, job, worker, generation, members };
    }
  }
}

function textOf(name: string, done: Done): string {
  switch (done.kind) {
    case 'paused':
      return `${name} is paused after step ${done.committedSteps}`;
    case 'continued':
      return `${name} goes on`;
    case 'checkpoint':
      return `checkpoint of step ${done.committedSteps}: ${done.path}`;
    case 'drained': {
      const { generation, members, worker } = done;
      if (generation === null) return `${worker} leaves: it was no member`;
      const { length } = members;
      return `${worker} has left: generation ${generation} trains with ${length} ${length === 1 ? 'worker' : 'workers'}`;
    }
  }
}
