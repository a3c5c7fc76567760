import assert from 'node:assert/strict';
import { test } from 'node:test';
import { knownCodes, remedyOf } from '../../../shared/exit-codes.js';
import { codesWithNextStep, nextStepOf, nextStepText } from './next-steps.js';

// Would catch a new error that leaves its reader alone, and a sentence for one that is gone.
test('every code that a failure can have says what to do next, once', () => {
  assert.deepEqual([...codesWithNextStep].sort(), [...knownCodes].sort());
});

// Would catch a sentence that wraps over half a screen, or ends twice.
test('what to do next is one sentence', () => {
  for (const code of knownCodes) {
    const text = nextStepText(code);
    assert.match(text, /^Next: \S.*[^.]\.$/, code);
    assert.ok(text.length < 260, `${code}: ${text.length}`);
  }
});

// Would catch advice to go on where going on can only fail again.
test('only where a run can go on is it told so', () => {
  for (const code of knownCodes.filter((known) => remedyOf(known) === 'change')) {
    assert.ok(!/\bgo on\b/.test(nextStepText(code)), code);
  }
});

// Would catch a defect without a word.
test('an unknown code is told as a defect', () => {
  assert.match(nextStepText('NEVER_SEEN'), /please report it/);
});

// Would catch an error of the system that is told as a defect, and a hint that is given twice.
test('an error that ends a command says what to do next, once', () => {
  const help = 'lockstep train --help';
  const missing = Object.assign(new Error('ENOENT: x'), { code: 'ENOENT', syscall: 'open' });
  assert.match(nextStepOf(missing, help) ?? '', /may be used by you/);
  const usage = (message: string) => Object.assign(new Error(message), { code: 'USAGE' });
  assert.match(nextStepOf(usage('FILE is missing'), help) ?? '', /"lockstep train --help"/);
  assert.equal(nextStepOf(usage(`FILE is missing (see "${help}")`), help), null);
  assert.match(nextStepOf('no error at all', help) ?? '', /please report it/);
});
