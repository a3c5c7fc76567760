import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { OptionError } from '../options.js';
import { readReportOptions } from './report-options.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-report-'));
after(() => rmSync(folder, { recursive: true }));

const key = join(folder, 'report.key');
writeFileSync(key, `${'ab'.repeat(32)}\n`);
const url = 'http://controller.system.svc:9410/v1/reports/team/movies/3a7c1f0e-8a55';

const read = (address: string | undefined, file: string | undefined) =>
  readReportOptions({ LOCKSTEP_REPORT_URL: address, LOCKSTEP_REPORT_KEY_FILE: file });

// Would catch reports that claim to be another job's.
test('the last part of the address says whose run it is', () => {
  const options = read(url, key);
  assert.equal(options?.uid, '3a7c1f0e-8a55');
  assert.equal(options?.url.href, url);
  assert.deepEqual(Buffer.from(options?.key ?? []), Buffer.alloc(32, 0xab));
  assert.equal(read(undefined, undefined), null);
});

// Would catch a job that is silent for days because one of two variables was forgotten.
test('what cannot be used is refused with its rule, and without a secret', () => {
  const short = join(folder, 'short.key');
  writeFileSync(short, 'geheim');
  const wrong: readonly (readonly [string | undefined, string | undefined, RegExp])[] = [
    [url, undefined, /LOCKSTEP_REPORT_KEY_FILE is missing/],
    [undefined, key, /LOCKSTEP_REPORT_URL is missing/],
    [url, join(folder, 'none'), /must name a file that can be read/],
    [url, short, /at least 16 bytes in hexadecimal/],
    ['ftp://host/uid', key, /must be http:/],
    ['http://host/', key, /must be http:/],
    ['http://user:geheim@host/uid', key, /must be http:/],
    ['http://host/uid?token=geheim', key, /must be http:/],
    ['controller:9410', key, /must be http:/],
  ];
  for (const [address, file, says] of wrong) {
    assert.throws(
      () => read(address, file),
      (error: Error) =>
        error instanceof OptionError && says.test(error.message) && !/geheim/.test(error.message),
      String(says),
    );
  }
});
