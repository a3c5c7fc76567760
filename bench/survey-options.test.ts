import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseSurveyOptions } from './survey-options.js';

// Would catch a survey that hangs for half an hour in an engine that nobody asked for.
it('leaves the slow engine out unless it is named', () => {
  const { engines } = parseSurveyOptions(['--batch', 'x']);
  assert.ok(engines.includes('torch') && !engines.includes('cpu'));
  const named = parseSurveyOptions(['--batch', 'x', '--engine', 'cpu', '--engine', 'wasm']);
  assert.deepEqual(named.engines, ['cpu', 'wasm']);
});

it('names what it cannot use', () => {
  const refused = (words: string[], message: RegExp) =>
    assert.throws(() => parseSurveyOptions(words), message);
  refused([], /--batch is missing/);
  refused(['--batch', 'x', '--engine', 'tpu'], /--engine must be one of .*: current value is tpu/);
  refused(['--batch', 'x', '--threads', '-'], /--threads/);
});
