/** The words of `lockstep recommend`, as one complete type. */
import { parseArgs } from 'node:util';
import { integer } from '../arguments.js';
import { topMost } from '../trained-run/limits.js';
import { UsageError } from '../usage-error.js';

/** Whom to recommend to. */
export type Audience =
  /** Items in the order of time, as they were named. */
  | { readonly kind: 'history'; readonly named: readonly string[] }
  | { readonly kind: 'users'; readonly ids: readonly string[] }
  | { readonly kind: 'file'; readonly file: string };

export interface RecommendArguments {
  readonly run: string;
  readonly audience: Audience;
  readonly checkpoint: string | null;
  readonly top: number;
  /** Whether items of the history may be recommended again. */
  readonly repeats: boolean;
  readonly json: boolean;
}

export const recommendOptions = {
  history: { type: 'string', multiple: true },
  user: { type: 'string', multiple: true },
  users: { type: 'string' },
  top: { type: 'string' },
  repeat: { type: 'boolean' },
  checkpoint: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** Null where help was asked for. @throws UsageError */
export function readRecommendArguments(words: readonly string[]): RecommendArguments | null {
  const { values, positionals } = parse(words);
  if (values.help === true) return null;
  const [run, ...others] = positionals;
  if (run === undefined || others.length > 0) {
    throw usage(`the FOLDER of a run must be named, once: it got ${positionals.length} names`);
  }
  return {
    run,
    audience: audience(values),
    checkpoint: values.checkpoint ?? null,
    top: integer('--top', values.top, 1, topMost) ?? 10,
    repeats: values.repeat === true,
    json: values.json === true,
  };
}

function audience({ history, user, users }: ReturnType<typeof parse>['values']): Audience {
  const given: Audience[] = [];
  if (history !== undefined) given.push({ kind: 'history', named: history });
  if (user !== undefined) given.push({ kind: 'users', ids: user });
  if (users !== undefined) given.push({ kind: 'file', file: users });
  const [one, ...others] = given;
  if (one !== undefined && others.length === 0) return one;
  throw usage(`one of --history, --user and --users must say for whom: it got ${given.length}`);
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: recommendOptions,
      strict: true,
      allowPositionals: true,
    });
  } catch (cause) {
    throw new UsageError(`${(cause as Error).message} (see "lockstep recommend --help")`, {
      cause,
    });
  }
}

const usage = (problem: string): UsageError =>
  new UsageError(`Cannot run "lockstep recommend": ${problem} (see "lockstep recommend --help")`);
