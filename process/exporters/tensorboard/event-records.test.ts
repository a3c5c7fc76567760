import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32c } from './crc32c.js';
import { pointsRecord, restartRecord, versionRecord } from './event-records.js';

const seconds = 1767323045.678;

// Would catch a table, a beginning or an end that belongs to another CRC. RFC 3720, B.4.
test('sums are those of CRC-32C', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa);
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43);
});

// Would catch a field with a wrong number or type, a sum over the wrong bytes, and a step of two bytes or
// more. The bytes are those of tensorboard 2.21's RecordWriter for the same events.
test('records are those that TensorBoard itself writes', () => {
  assert.equal(
    versionRecord(seconds).toString('hex'),
    '1800000000000000a37f4b22095a646b69cd55da411a0d627261696e2e4576656e743a32e1aefb41',
  );
  const points = [
    { tag: 'loss/train', value: 7.0625 },
    { tag: 'recall@10/validation', value: -0.1 },
  ];
  assert.equal(
    pointsRecord({ seconds, step: 1_000_000 }, points).toString('hex'),
    '3f0000000000000051657661095a646b69cd55da4110c0843d2a300a110a0a6c6f73732f74726169' +
      '6e150000e2400a1b0a14726563616c6c4031302f76616c69646174696f6e15cdccccbd3a8acca9',
  );
  assert.equal(
    restartRecord({ seconds, step: 21 }).toString('hex'),
    '0f000000000000006d532b09095a646b69cd55da4110153a020801c6b4b7c3',
  );
});
