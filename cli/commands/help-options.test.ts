import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describedOptions } from './help-options.js';

const help = `Does something.

Options:
  --watch, -w          show it; with
                       patience
  --set PATH=VALUE     a field
  --bind HOST[:PORT]   where
  --all, -A of every namespace
Not an option:
  --no
                       more`;

// Would catch a value that is taken for a description, or a description of two lines that is cut.
test('options are read with their letters, values and whole descriptions', () => {
  assert.deepEqual(describedOptions(help), [
    { name: 'watch', short: 'w', value: null, text: 'show it; with patience' },
    { name: 'set', short: null, value: 'PATH=VALUE', text: 'a field' },
    { name: 'bind', short: null, value: 'HOST[:PORT]', text: 'where' },
    { name: 'all', short: 'A', value: null, text: 'of every namespace' },
    { name: 'no', short: null, value: null, text: ' more' },
  ]);
});
