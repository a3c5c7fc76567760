import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MalformedMessageError } from './guard.js';
import { decodeJobReport, encodeJobReport, isNewerReport, jobReportBytes } from './job-report.js';
import { aReport } from './job-report-fixture.js';
import { hasSeal, readReportKey, sealOf } from './job-report-seal.js';

const textOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

// Would catch a field that is lost or changed on its way.
test('a report arrives as it was sent', () => {
  for (const report of [
    aReport(),
    aReport({ phase: 'starting', loss: null, checkpoint: null, members: [], metrics: {} }),
    aReport({ phase: 'failed', code: 'NO_PROGRESS', reason: 'Cannot go on: nobody moves' }),
  ]) {
    assert.deepEqual(decodeJobReport(encodeJobReport(report)), report);
  }
});

// Would catch a controller of the last version that calls every job of the next one silent.
test('fields that a reader does not know are passed over', () => {
  assert.deepEqual(decodeJobReport(textOf({ ...aReport(), later: [1] })), aReport());
});

// Would catch a body that fills the memory of whoever receives it, or a status with senseless numbers.
test('what is no report is refused with the field that is wrong', () => {
  const many = Object.fromEntries(Array.from({ length: 65 }, (_, index) => [`m${index}`, 1]));
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ ...aReport(), fence: -1 }, /field "fence"/],
    [{ ...aReport(), phase: 'asleep' }, /field "phase"/],
    [{ ...aReport(), members: ['x'.repeat(129)] }, /field "members\.0"/],
    [{ ...aReport(), metrics: many }, /field "metrics"/],
    [{ ...aReport(), recoveries: Array(11).fill(aReport().recoveries[0]) }, /field "recoveries"/],
    [{ ...aReport(), time: 'yesterday' }, /field "time"/],
    [null, /field ""/],
  ];
  for (const [value, says] of wrong) {
    assert.throws(
      () => decodeJobReport(textOf(value)),
      (error: Error) => error instanceof MalformedMessageError && says.test(error.message),
      String(says),
    );
  }
  const refused = (data: Uint8Array, reason: string): void =>
    assert.throws(
      () => decodeJobReport(data),
      (error: Error) => error instanceof MalformedMessageError && error.reason === reason,
    );
  refused(new Uint8Array(jobReportBytes + 1), 'size');
  refused(Uint8Array.of(0xff, 0x22), 'encoding');
  refused(new TextEncoder().encode('{"uid":'), 'encoding');
});

// Would catch a report that is sent again, and the last words of a leader that was succeeded.
test('a report counts only where its leader and its number are newer', () => {
  const before = { fence: 2, sequence: 7 };
  const newer = (fence: number, sequence: number): boolean =>
    isNewerReport({ fence, sequence }, before);
  assert.ok(isNewerReport(before, null));
  assert.ok(newer(2, 8));
  assert.ok(newer(3, 1));
  assert.ok(!newer(2, 7));
  assert.ok(!newer(2, 6));
  assert.ok(!newer(1, 99));
});

// Would catch a seal that fits other bytes or another key, and a header that is compared as text.
test('a seal holds for its bytes and its key alone', () => {
  const key = Buffer.alloc(32, 1);
  const body = encodeJobReport(aReport());
  const seal = sealOf(key, body);
  assert.match(seal, /^LockstepReport [0-9a-f]{64}$/);
  assert.ok(hasSeal(seal, key, body));
  assert.ok(!hasSeal(seal, Buffer.alloc(32, 2), body));
  assert.ok(!hasSeal(seal, key, encodeJobReport(aReport({ sequence: 8 }))));
  for (const other of [undefined, '', 'LockstepReport', `${seal}00`, seal.replace('L', 'l')]) {
    assert.ok(!hasSeal(other, key, body), String(other));
  }
});

// Known from RFC 4231, case 2: would catch a key that is used as text on one side only.
test('the seal is HMAC-SHA256 with the bytes that the digits stand for', () => {
  const body = new TextEncoder().encode('what do ya want for nothing?');
  assert.equal(
    sealOf(Buffer.from('Jefe'), body),
    'LockstepReport 5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
});

// Would catch a key file that is cut short, and one whose last newline becomes part of the key.
test('a key is hexadecimal digits of at least sixteen bytes', () => {
  assert.deepEqual(readReportKey(`${'ab'.repeat(32)}\n`), Buffer.alloc(32, 0xab));
  for (const text of ['', 'ab'.repeat(15), 'xy'.repeat(32), `${'ab'.repeat(32)}c`]) {
    assert.equal(readReportKey(text), null, text);
  }
});
