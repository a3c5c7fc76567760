/**
 * Audits a run as `lockstep audit` does, in a process of its own: it reads the whole ledger and the whole
 * dataset. One run after the other, whoever asks; behind everything else that the machine does.
 */
import { execFile } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { AuditState } from '../../coordinator/dashboard/data/api.js';
import type { Audit } from '../../coordinator/dashboard/sources/run-source.js';

const entry = new URL('../main.js', import.meta.url);
const answerBytesMax = 64 * 1024 * 1024;
/** A hundred thousand histories for fifty epochs take half a minute; whatever takes so long is left to a terminal. */
const patience = 3_600_000;
/** Differences that a page shows. */
const shownMax = 20;

let turn: Promise<unknown> = Promise.resolve();

export function auditorOf(folder: string): Audit {
  let state: AuditState = { kind: 'none' };
  return {
    state: () => state,
    begin: () => {
      if (state.kind === 'runs') return;
      state = { kind: 'runs', since: new Date().toISOString() };
      turn = turn.then(async () => {
        state = await audited(folder);
      });
    },
  };
}

function audited(folder: string): Promise<AuditState> {
  const words = [fileURLToPath(entry), 'audit', folder, '--json'];
  const limits = { maxBuffer: answerBytesMax, timeout: patience };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, words, limits, (error, stdout) =>
      resolve(stateOf(stdout, error, new Date().toISOString())),
    );
    try {
      if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    } catch {
      // It has ended already.
    }
  });
}

type Line = Readonly<Record<string, unknown>>;

/** @param error of the process, which ends with a code of its own where it has found differences */
export function stateOf(stdout: string, error: Error | null, time: string): AuditState {
  const lines = stdout.split('\n').flatMap(lineOf);
  const done = lines.find(({ kind }) => kind === 'finished');
  if (done === undefined) {
    const told = lines.find(({ kind }) => kind === 'failed')?.message;
    const message = typeof told === 'string' ? told : (error?.message ?? 'The audit said nothing');
    return { kind: 'failed', time, message };
  }
  const differences = done.differences as readonly { step: number | null; text: string }[];
  return {
    ...{ kind: 'done', time, isPassed: done.verdict === 'passed', facts: factsOf(done) },
    differences: differences
      .slice(0, shownMax)
      .map(({ step, text }) => (step === null ? text : `step ${step}: ${text}`)),
    differencesCount: done.differences_count as number,
  };
}

function lineOf(text: string): Line[] {
  try {
    return [JSON.parse(text) as Line];
  } catch {
    return [];
  }
}

function factsOf(done: Line): (readonly [string, string])[] {
  const count = (name: string): string => Number(done[name] ?? 0).toLocaleString('en');
  const plans =
    done.plans_recomputed === true ? `${count('plans')} computed again and equal` : null;
  const all: (readonly [string, string | null])[] = [
    ['steps', `${count('steps')} of ${count('total_steps')}`],
    ['whole epochs', count('epochs')],
    ['users', `${count('users')}, with ${count('sequences')} sequences an epoch`],
    ['generations', count('generations')],
    ['trained again', `${count('trained_again')} steps`],
    ['plans', plans ?? 'not computed again (lockstep audit --recompute)'],
    ['dataset', typeof done.dataset === 'string' ? done.dataset : null],
    ['end', typeof done.end === 'string' ? done.end : 'none: the run lasts, or was killed'],
  ];
  return all.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]));
}
