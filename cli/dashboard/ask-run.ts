/** Asks a run's model as `lockstep recommend` does, in a process of its own: an engine may take all memory. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Question, Recommendations } from '../../coordinator/dashboard/data/api.js';
import type { Recommend } from '../../coordinator/dashboard/sources/run-source.js';

const entry = new URL('../main.js', import.meta.url);
const answerBytesMax = 16 * 1024 * 1024;
/** A model that is loaded for so long is too large for this machine. */
const patience = 300_000;

const run = promisify(execFile);

/** One question after the other, whoever asks. */
let turn: Promise<unknown> = Promise.resolve();

export function askerOf(folder: string): Recommend {
  return (question) => {
    const answer = turn.then(() => ask(folder, question));
    // Whoever asked hears of a failure; the next one asks all the same.
    turn = answer.catch(() => undefined);
    return answer;
  };
}

async function ask(folder: string, question: Question): Promise<Recommendations> {
  // As one word each, so that neither can be an option.
  const whose =
    'user' in question
      ? `--user=${question.user}`
      : `--history=${question.history.replace(/, +/g, ',')}`;
  const words = [fileURLToPath(entry), 'recommend', folder, whose, '--top', '20', '--json'];
  const limits = { maxBuffer: answerBytesMax, timeout: patience };
  const { stdout } = await run(process.execPath, words, limits).catch((error: ExecError) => {
    throw new Error(failureOf(error.stdout) ?? error.message);
  });
  const lines = linesOf(stdout);
  const told = lines.find(({ kind }) => kind === 'recommended');
  const end = lines.find(({ kind }) => kind === 'finished');
  if (told === undefined || end === undefined) throw new Error('The model has not answered');
  return {
    historyItems: told.history_items as number,
    items: told.items as Recommendations['items'],
    rankedBy: end.ranked_by as Recommendations['rankedBy'],
    checkpoint: end.checkpoint as string,
  };
}

interface ExecError extends Error {
  readonly stdout?: string;
}

type Line = Readonly<Record<string, unknown>>;

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** What the command itself says of its failure; null where it could not. */
function failureOf(stdout = ''): string | null {
  const message = linesOf(stdout).find(({ kind }) => kind === 'failed')?.message;
  return typeof message === 'string' ? message : null;
}
