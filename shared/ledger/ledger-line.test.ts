import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeLedgerLine,
  encodeLedgerLine,
  type LedgerLine,
  LedgerLineError,
} from './ledger-line.js';
import { aHash, aRecord, plannedDigests, reportOf } from './ledger-record-fixture.js';

const time = '2026-01-02T03:04:05.678Z';
const lines: readonly LedgerLine[] = [
  { kind: 'ledger', schema_version: 1, time, run: 'r', job: 'j', job_sha256: 'b'.repeat(64) },
  { kind: 'resumed', time, committed_steps: 40 },
  { kind: 'step', record: aRecord() },
];

// Would catch a field that is written and not read, and a line break inside a line.
test('lines come back as they were written', () => {
  for (const line of lines) {
    const text = encodeLedgerLine(line);
    assert.equal(text.indexOf('\n'), text.length - 1);
    assert.deepEqual(decodeLedgerLine(text.slice(0, -1)), line);
  }
});

// Would catch a reader that dies of a damaged line in another way than by the error that it promises.
test('a damaged line is refused with what is wrong', () => {
  const whole = encodeLedgerLine(lines[2] as LedgerLine).slice(0, -1);
  fc.assert(
    fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 127 }), (at, code) => {
      const damaged = whole.slice(0, at) + String.fromCharCode(code) + whole.slice(at + 1);
      try {
        decodeLedgerLine(damaged);
      } catch (error) {
        assert.ok(error instanceof LedgerLineError, String(error));
      }
      assert.throws(() => decodeLedgerLine(whole.slice(0, at)), LedgerLineError);
    }),
  );
  assert.throws(() => decodeLedgerLine('{"kind":"step"}'), /field "step"/);
});

// Would catch a ledger that outgrows its dataset: steps of 256 users, as a job of a million has them.
test('a million users an epoch stay below ten megabytes', () => {
  const lanes = Array.from({ length: 4 }, (_, lane) =>
    Int32Array.from({ length: 64 }, (_, user) => 999_000 + lane * 64 + user),
  );
  const plan = { epoch: 0, lanes };
  const digests = plannedDigests(plan);
  const reports = ['worker-0', 'worker-1'].map((worker) => reportOf(worker, aHash, digests));
  const line = encodeLedgerLine({ kind: 'step', record: aRecord({ plan, reports }) });
  assert.ok((line.length * 1_000_000) / 256 < 10_000_000, `${line.length} bytes a step`);
});
