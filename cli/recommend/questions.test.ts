import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { UsageError } from '../usage-error.js';
import { readQuestions } from './questions.js';
import type { Audience } from './recommend-arguments.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-questions-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const lookup = (ids: readonly string[]) => ({
  count: ids.length,
  idOf: (number: number) => ids[number] as string,
  numberOf: (id: string) => ids.indexOf(id),
});
const titles = ['Alien', 'Brazil', 'Usual Suspects, The', 'Heat'];
const names = {
  ids: lookup(['1', '2', '3', '4']),
  title: (item: number) => titles[item] as string,
};
const dataset = {
  userIds: lookup(['u', 'v', '7']),
  sequenceOffsets: Uint32Array.of(0, 3, 4, 6),
  sequenceItems: Int32Array.of(0, 1, 2, 3, 1, 0),
};

async function read(audience: Audience): Promise<[string | null, number[]][]> {
  const read: [string | null, number[]][] = [];
  for await (const { user, history } of readQuestions(audience, dataset, names)) {
    read.push([user, [...history]]);
  }
  return read;
}

function fileOf(text: string): Audience {
  const file = join(folder, 'users');
  writeFileSync(file, text);
  return { kind: 'file', file };
}

// Would catch a title that is cut at its comma, and a history in another order than that of time.
test('a history is ids and titles, with commas between them or option by option', async () => {
  const history = (...named: string[]) => read({ kind: 'history', named });
  assert.deepEqual(await history('4,1, braz'), [[null, [3, 0, 1]]]);
  assert.deepEqual(await history('suspects, the', '1,2'), [[null, [2, 0, 1]]]);
  await assert.rejects(history('1,,2'), UsageError);
});

// Would catch the neighbour's history.
test("a user's history is all that the dataset has of it", async () => {
  assert.deepEqual(await read({ kind: 'users', ids: ['7', 'u'] }), [
    ['7', [1, 0]],
    ['u', [0, 1, 2]],
  ]);
});

// Would catch an id of digits that is lost because JSON has a number for it, and a blank last line.
test('a file has a user or a history in each line', async () => {
  const lines = ['u', '', ' 7 ', '{"user": 7}', '{"history": ["1", 4]}'];
  lines.push('{"user": "new", "history": ["heat"]}');
  assert.deepEqual(await read(fileOf(`${lines.join('\r\n')}\n`)), [
    ['u', [0, 1, 2]],
    ['7', [1, 0]],
    ['7', [1, 0]],
    [null, [0, 3]],
    ['new', [3]],
  ]);
});

// Would catch a defect's stack for a wrong word in a file of a million lines, without the line.
for (const [what, line, message] of [
  ['an unknown user', 'w', /users:2: Cannot find the user "w"/],
  ['an unknown item', '{"history": ["9"]}', /users:2: Cannot find the item "9"/],
  ['no JSON', '{"history": [', /users:2: .* no JSON object/],
  ['an empty history', '{"history": []}', /users:2: .* array of one id or more/],
  ['a history that is no array', '{"history": "1"}', /users:2: .* array of one id or more/],
  ['neither user nor history', '{"item": 3}', /users:2: .* a "user", a "history" or both/],
] as const) {
  test(`${what} in a file is refused with its line`, async () => {
    await assert.rejects(read(fileOf(`u\n${line}\nv\n`)), (error: Error) => {
      assert.ok(error instanceof UsageError);
      return message.test(error.message);
    });
  });
}
