/** A run as its folder, or a copy of it, has it. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ledgerFiles, ledgerFolderOf } from '../../process/history/ledger-file.js';
import { readLines } from '../../process/history/read-lines.js';
import { resultFileOf } from '../../process/history/run-history.js';
import { runResult } from '../../shared/history/history-line.js';
import type { LedgerAudit } from '../../shared/ledger/audit/ledger-audit.js';
import {
  decodeLedgerLine,
  LedgerLineError,
  ledgerVersion,
} from '../../shared/ledger/ledger-line.js';
import { ledgerLineBytes } from '../../shared/limits.js';
import { jobFileOf, readJob } from '../train/output-folder.js';
import { readRunRecord } from '../train/run-record.js';
import { checkpointsPlace } from '../trained-run/checkpoints-place.js';
import { UsageError } from '../usage-error.js';
import type { AuditSource, ClaimedResult, LedgerReading } from './audited-run.js';

/** @throws UsageError where there is no run or no ledger; JobSpecError */
export function folderSource(named: string): AuditSource {
  const folder = resolve(named);
  const files = ledgerFiles(folder);
  if (files.length === 0) {
    const should =
      'it must be the --output of a run that has trained a step, or the name of a job with --nats';
    throw new UsageError(`Cannot audit "${folder}": it has no ledger: ${should}`);
  }
  const job = readJob(jobFileOf(folder));
  const record = readRunRecord(folder);
  if (record === null) {
    throw new UsageError(`Cannot audit "${folder}": it has no run.json, which says whose it is`);
  }
  const { id, datasetDigest, datasetPath } = record;
  return {
    run: {
      ...{ name: folder, id, job, datasetDigest },
      movedDataset: datasetPath === null ? null : resolve(folder, datasetPath),
      checkpoints: checkpointsPlace(folder),
    },
    readLedger: (audit, reading) => readLedger(folder, files, audit, reading),
    result: () => resultIn(folder),
  };
}

async function readLedger(
  folder: string,
  files: readonly string[],
  audit: LedgerAudit,
  { note, progress }: LedgerReading,
): Promise<void> {
  for (const [index, name] of files.entries()) {
    let number = 0;
    for await (const line of readLines(join(ledgerFolderOf(folder), name), ledgerLineBytes)) {
      number++;
      const place = `${name}, line ${number}`;
      if (line.kind === 'line') takeLine(audit, line.text, place, progress);
      else if (line.kind === 'torn' && index === files.length - 1) {
        note(`${place}: its end is missing: the run writes it now, or was killed over it`);
      } else {
        audit.differences.add('unreadable', null, `${place}: ${line.kind}`);
      }
    }
  }
}

function takeLine(
  audit: LedgerAudit,
  text: string,
  place: string,
  progress: LedgerReading['progress'],
): void {
  try {
    const line = decodeLedgerLine(text);
    if (line.kind === 'ledger' && line.schema_version > ledgerVersion) {
      const what = `schema version ${line.schema_version}: this program reads ${ledgerVersion}`;
      throw new UsageError(`Cannot audit ${place}: it has ${what}`);
    }
    audit.line(line);
    if (line.kind === 'step') progress(line.record.step, audit.totalSteps);
  } catch (error) {
    if (!(error instanceof LedgerLineError)) throw error;
    audit.differences.add('unreadable', null, `${place}: ${error.message}`);
  }
}

function resultIn(folder: string): ClaimedResult | string | null {
  const path = resultFileOf(folder);
  if (!existsSync(path)) return null;
  const parsed = runResult.safeParse(parse(readFileSync(path, 'utf8')));
  if (!parsed.success) return `${path} is no result of a run`;
  const result = parsed.data;
  if (result.kind === 'failed') return { kind: 'failed' };
  return {
    kind: 'finished',
    committedSteps: result.committed_steps,
    weightsSha256: result.weights_sha256,
    stopped: result.stopped,
    endedEarly: result.ended_early,
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
