/** Whose next items are asked for, one question a user: from the command line, or line by line from a file. */
import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Dataset } from '../../dataset/dataset.js';
import { findItem, findUser, type ItemNames, itemsNamed } from '../trained-run/find-item.js';
import { UsageError } from '../usage-error.js';
import type { Audience } from './recommend-arguments.js';

export interface Question {
  /** Null for a history that is nobody's. */
  readonly user: string | null;
  /** Item numbers in the order of time. */
  readonly history: Int32Array;
}

export type Users = Pick<Dataset, 'userIds' | 'sequenceOffsets' | 'sequenceItems'>;

/**
 * @throws UsageError where a user or an item is unknown; in a file, with the line
 */
export async function* readQuestions(
  audience: Audience,
  dataset: Users,
  names: ItemNames,
): AsyncGenerator<Question> {
  switch (audience.kind) {
    case 'history':
      yield { user: null, history: itemsOf(audience.named, names) };
      return;
    case 'users':
      for (const id of audience.ids) yield questionOfUser(id, dataset);
      return;
    case 'file':
      for await (const { line, text } of linesOf(audience.file)) {
        if (text.trim() !== '')
          yield atLine(audience.file, line, () => parse(text, dataset, names));
      }
  }
}

/** All of the user's items, those that an evaluation holds out as well: asked for is what comes next. */
function questionOfUser(id: string, { userIds, sequenceOffsets, sequenceItems }: Users): Question {
  const user = findUser(id, userIds);
  return {
    user: id,
    history: sequenceItems.subarray(sequenceOffsets[user], sequenceOffsets[user + 1]),
  };
}

/** Each is an item, or several with commas between them; a title may have commas itself. */
function itemsOf(named: readonly string[], names: ItemNames): Int32Array {
  const items = named.flatMap((text) =>
    itemsNamed(text, names).length === 1
      ? [findItem(text, names)]
      : text.split(',').map((part) => findItem(part.trim(), names)),
  );
  return Int32Array.from(items);
}

/** A user's id, or `{"user": ..., "history": [...]}` of which one may be left out. */
function parse(text: string, dataset: Users, names: ItemNames): Question {
  if (!text.trimStart().startsWith('{')) return questionOfUser(text.trim(), dataset);
  const { user, history } = parseObject(text);
  if (history === undefined) {
    if (isId(user)) return questionOfUser(String(user), dataset);
    throw new UsageError('Cannot ask: a line must have a "user", a "history" or both');
  }
  if (!Array.isArray(history) || history.length === 0 || !history.every(isId)) {
    throw new UsageError('Cannot ask: "history" must be an array of one id or more');
  }
  const items = history.map((id) => findItem(String(id), names));
  return { user: isId(user) ? String(user) : null, history: Int32Array.from(items) };
}

function parseObject(text: string): { readonly user?: unknown; readonly history?: unknown } {
  try {
    return JSON.parse(text) as object;
  } catch (cause) {
    throw new UsageError(`Cannot ask: the line is no JSON object: ${(cause as Error).message}`, {
      cause,
    });
  }
}

const isId = (value: unknown): boolean => typeof value === 'string' || typeof value === 'number';

async function* linesOf(file: string): AsyncGenerator<{ line: number; text: string }> {
  // It is read twice: a word that is wrong at its end should not cost the answers before it.
  if (!statSync(file).isFile()) {
    throw new UsageError(`Cannot read the users in "${file}": it must be a file`);
  }
  let line = 0;
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  for await (const text of lines) yield { line: ++line, text };
}

function atLine<Result>(file: string, line: number, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${file}:${line}: ${error.message}`, { cause: error });
  }
}
