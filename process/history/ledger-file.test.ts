import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decodeLedgerLine } from '../../shared/ledger/ledger-line.js';
import { aRecord } from '../../shared/ledger/ledger-record-fixture.js';
import { LedgerFile, type LedgerFileOptions, ledgerFiles, ledgerFolderOf } from './ledger-file.js';

const folder = mkdtempSync(join(tmpdir(), 'lockstep-ledger-'));
after(() => rmSync(folder, { recursive: true }));

const time = '2026-01-02T03:04:05.678Z';
const owner = { run: 't0123456789abcdef', job: 'j', job_sha256: 'a'.repeat(64) };

function open(changes: Partial<LedgerFileOptions> = {}): LedgerFile {
  const onTrouble = (text: string): void => assert.fail(text);
  return LedgerFile.open({ folder, resume: true, owner, time, onTrouble, ...changes });
}

/** `ledger`, `resumed 3`, `step 4`, ... of all files. */
function said(): string[] {
  return ledgerFiles(folder).flatMap((name) => {
    const lines = readFileSync(join(ledgerFolderOf(folder), name), 'utf8').split('\n');
    assert.equal(lines.pop(), '');
    return lines.map((text) => {
      const line = decodeLedgerLine(text);
      if (line.kind === 'step') return `step ${line.record.step}`;
      return line.kind === 'resumed' ? `resumed ${line.committed_steps}` : line.kind;
    });
  });
}

const train = (ledger: LedgerFile, from: number, to: number): void => {
  ledger.started(from, time);
  for (let step = from; step < to; step++) ledger.record(aRecord({ step }));
  ledger.close();
};

// Would catch a ledger that hides that steps were trained twice, and half a line in its middle.
test('a resumed run goes on behind the whole lines, and says where it goes over steps again', () => {
  train(open({ resume: false }), 0, 3);
  const [name] = ledgerFiles(folder);
  appendFileSync(join(ledgerFolderOf(folder), name as string), '{"kind":"st');
  train(open(), 2, 4);
  train(open(), 4, 5);
  const expected = [
    'ledger',
    'step 0',
    'step 1',
    'step 2',
    'resumed 2',
    'step 2',
    'step 3',
    'step 4',
  ];
  assert.deepEqual(said(), expected);
  train(open({ resume: false }), 0, 1);
  assert.deepEqual(said(), ['ledger', 'step 0']);
});

// Would catch files of which nobody can tell whose they are, or in which order they come.
test('a file that is full is followed by the next one, each with whose it is', () => {
  train(open({ resume: false, fileBytes: 1000 }), 0, 3);
  train(open({ fileBytes: 1000 }), 3, 5);
  const steps = said().filter((line) => line !== 'ledger');
  assert.deepEqual(steps, ['step 0', 'step 1', 'step 2', 'step 3', 'step 4']);
  assert.ok(ledgerFiles(folder).length >= 2);
  assert.equal(said().filter((line) => line === 'ledger').length, ledgerFiles(folder).length);
});

// Would catch a process that has lost the folder and writes into another one's ledger.
test('a ledger that is closed is not touched again', () => {
  const ledger = open({ resume: false });
  ledger.close();
  ledger.record(aRecord());
  ledger.started(9, time);
  assert.deepEqual(said(), ['ledger']);
});
