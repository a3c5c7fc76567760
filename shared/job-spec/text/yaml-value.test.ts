import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JobSpecError } from '../../errors.js';
import { parseJob } from '../job-spec.js';
import { yamlValue } from './yaml-value.js';

const problemsOf = (text: string): readonly string[] => {
  const parsed = yamlValue(text);
  return parsed.kind === 'problems' ? parsed.problems : [];
};

// Would catch a hint about a function of the parser, for whoever has put two objects into one file.
test('a second document is refused where it begins', () => {
  assert.deepEqual(yamlValue('a: 1\n---\nb: 2\n'), {
    kind: 'problems',
    problems: ['line 2, column 1: must be one document: another one begins here'],
  });
});

// Would catch a stack trace for the user's own file: everything behind the parser walks the value.
test('an alias that contains itself is refused in words', () => {
  assert.match(problemsOf('a: &a {b: *a}')[0] ?? '', /must not contain itself/);
  assert.match(problemsOf('&a [1, [*a]]')[0] ?? '', /must not contain itself/);
});

test('an alias that stands twice for the same value is none that contains itself', () => {
  assert.deepEqual(yamlValue('a: &a [1]\nb: *a\nc: [*a, *a]'), {
    kind: 'value',
    value: { a: [1], b: [1], c: [[1], [1]] },
  });
});

// Would catch 81 kB of text on the terminal, and a stack that overflows in parser, clone or schema.
for (const text of [
  '['.repeat(100_000),
  `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
  `${'{a: '.repeat(5000)}${'}'.repeat(5000)}`,
  `${'- '.repeat(2000)}x`,
  'a: b: c\n'.repeat(5000),
  `a: ${'"'.repeat(50_001)}`,
]) {
  test(`${text.length} characters of "${text.slice(0, 6)}" end in a few short lines`, () => {
    const said = problemsOf(text).join('\n');
    assert.ok(said.length > 0 && said.length < 4000, said.slice(0, 400));
  });
}

// Would catch a dataset that is given for a job, with a line for each of its columns.
test('a job of foreign fields is refused on one screen', () => {
  const keys = Array.from({ length: 5000 }, (_, at) => `key${at}: 1`).join('\n');
  for (const text of [keys, `${'x'.repeat(900)}: 1`]) {
    assert.throws(
      () => parseJob(text),
      (error) =>
        error instanceof JobSpecError &&
        error.message.length < 10_000 &&
        error.message.split('\n').length <= 22,
    );
  }
});

// Would catch a depth that is counted by text alone: each line here is shallow.
test('aliases that pile up are as deep as what they stand for', () => {
  const nested = (inner: string): string => `${'['.repeat(30)}${inner}${']'.repeat(30)}`;
  const lines = [`a: &a ${nested('1')}`, `b: &b ${nested('*a')}`, `c: ${nested('*b')}`];
  assert.match(problemsOf(lines.join('\n'))[0] ?? '', /nested at most 64 levels/);
});

// Would catch: the job is a list, and the message is about the option that found no place in it.
test('an override is blamed only when it is at fault', () => {
  const said = (text: string, override: string): string => {
    try {
      parseJob(text, [override]);
    } catch (error) {
      assert.ok(error instanceof JobSpecError);
      return error.message;
    }
    return '';
  };
  assert.doesNotMatch(said('just text', 'optimizer.learningRate=1'), /--set/);
  assert.doesNotMatch(said('spec: 5', 'optimizer.learningRate=1'), /--set/);
  assert.doesNotMatch(said('spec: {optimizer: 5}', 'optimizer.learningRate=1'), /--set/);
  assert.match(said('spec: {seed: 5}', 'seed.x=1'), /--set seed\.x=1/);
  assert.match(said('spec: {seed: 5}', 'seed=["'), /--set seed=\["/);
  assert.ok(said('spec: {}', `seed=${'['.repeat(100_000)}`).length < 2000);
});
