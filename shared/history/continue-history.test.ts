import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutHistory, historyProblem, missingSteps } from './continue-history.js';
import { historyVersion } from './history-line.js';

const text = (kind: string, committed_steps: number): string =>
  JSON.stringify({ kind, committed_steps });

/** Cuts a whole history and returns what is left of it, and how many lines were looked at. */
function cut(lines: readonly string[], firstStep: number): { left: string[]; looked: number } {
  let offset = 0;
  const placed = lines.map((line) => {
    offset += line.length + 1;
    return { text: line, offset: offset - line.length - 1 };
  });
  let looked = 0;
  function* backwards() {
    for (const line of placed.toReversed()) {
      looked++;
      yield line;
    }
  }
  const result = cutHistory(backwards(), offset, firstStep);
  const before = placed.filter((line) => line.offset < result.offset).map((line) => line.text);
  return { left: [...before, ...result.kept], looked };
}

// Would catch steps that stand twice in a history after a resume, and a failure that is forgotten.
test('steps past the checkpoint go, what happened to the run stays', () => {
  const lines = [
    text('history', 0),
    text('started', 0),
    text('committed', 1),
    text('committed', 2),
    text('checkpointed', 2),
    text('committed', 3),
    text('warning', 3),
    text('evaluated', 3),
    text('rolled_back', 3),
    text('failed', 3),
  ];
  const stays = [0, 1, 2, 3, 4, 6, 9].map((index) => lines[index]);
  assert.deepEqual(cut(lines, 2).left, stays);
  assert.deepEqual(cut(lines, 3).left, lines);
  assert.deepEqual(
    cut(lines, 0).left,
    [0, 1, 6, 9].map((index) => lines[index]),
  );
});

// Would catch a gap, a repeat, and a resume that reads a million lines to find the last few.
test('after any resumes every step stands once, in order, and only the end is read', () => {
  const resumes = fc.array(fc.record({ steps: fc.nat(30), back: fc.nat(10) }), { maxLength: 6 });
  fc.assert(
    fc.property(resumes, (runs) => {
      let lines: string[] = [text('history', 0)];
      let at = 0;
      for (const { steps, back } of runs) {
        at = Math.max(0, at - back);
        const { left, looked } = cut(lines, at);
        // The steps that go, the start and the end of each run, and the step that stays.
        assert.ok(at === 0 || looked <= back + 2 * runs.length + 1);
        lines = [...left, text('started', at)];
        for (let step = 0; step < steps; step++) lines.push(text('committed', ++at));
        lines.push(text('failed', at));
      }
      const steps = lines
        .map((line) => JSON.parse(line))
        .filter(({ kind }) => kind === 'committed')
        .map(({ committed_steps }) => committed_steps);
      assert.deepEqual(
        steps,
        Array.from({ length: at }, (_, index) => index + 1),
      );
    }),
  );
});

// Would catch a line that nobody can read and that takes its neighbours with it.
test('a line that is no JSON stays', () => {
  assert.deepEqual(cut(['x', '{"kind":', 'null'], 0).left, ['x', '{"kind":', 'null']);
});

// Would catch a history that a newer program wrote and that this one would spoil.
test('only a history of this version or an older one is continued', () => {
  const first = (fields: object): string => JSON.stringify({ kind: 'history', ...fields });
  assert.equal(historyProblem(first({ schema_version: historyVersion })), null);
  assert.match(
    historyProblem(first({ schema_version: 99 })) ?? '',
    /schema version 99: this program/,
  );
  for (const line of ['', '[]', '{"kind":"committed"}', first({})]) {
    assert.match(historyProblem(line) ?? '', /none of a history/);
  }
});

// Would catch steps that a checkpoint covers and that the coordinator died before it heard of.
test('steps that were committed and not heard of are found among the recent ones, or none is', () => {
  const recent = [3, 4, 5, 6].map((steps) => text('committed', steps));
  assert.deepEqual(missingSteps([...recent, ''], 4, 6), recent.slice(2));
  assert.deepEqual(missingSteps(recent, 4, 4), []);
  assert.deepEqual(missingSteps([], 6, 4), []);
  assert.equal(missingSteps(recent, 1, 4), null);
  assert.equal(missingSteps(recent, 4, 7), null);
});
