import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseReportOptions } from './report-options.js';

// Would catch a default that a machine with a limit of ten minutes does not survive.
it('has a complete default within ten minutes', () => {
  assert.deepEqual(parseReportOptions([]), { out: 'report', short: false, minutes: 9.5, only: [] });
});

it('takes a folder, a short run, a limit and parts', () => {
  assert.deepEqual(
    parseReportOptions(['out', '--short', '--minutes', '3', '--only', 'step', '--only', 'golden']),
    { out: 'out', short: true, minutes: 3, only: ['step', 'golden'] },
  );
});

// Would catch a run that takes "0" or a typing error for no limit at all.
it('refuses what it does not understand', () => {
  assert.throws(() => parseReportOptions(['--minutes', '0']), /--minutes must be.*"0"/);
  assert.throws(() => parseReportOptions(['--minutes', 'ten']), /--minutes must be.*"ten"/);
  assert.throws(() => parseReportOptions(['a', 'b']), /one folder/);
  assert.throws(() => parseReportOptions(['--fast']), /--fast/);
});
