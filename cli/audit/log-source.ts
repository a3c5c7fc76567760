/** A run as its log on a nats-server has it, live or over: what its leaders recorded, and nothing beside it. */
import { existsSync } from 'node:fs';
import type { Bus } from '../../shared/bus.js';
import { wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import { resolveJob } from '../../shared/job-spec/job-spec.js';
import type { LedgerAudit } from '../../shared/ledger/audit/ledger-audit.js';
import { LogLedger } from '../../shared/ledger/log-ledger.js';
import {
  decodeLogEntry,
  type Happening,
  type LogEntry,
} from '../../shared/messages/cluster/log-entry.js';
import { MalformedMessageError } from '../../shared/messages/guard.js';
import { decodeDescription, type RunDescription } from '../../shared/run/run-description.js';
import type { RunAddress } from '../../shared/run/run-id.js';
import { claimsBucket, descriptionKey, logStream } from '../../shared/subjects.js';
import { isBucket } from '../../storage/location.js';
import { findRun } from '../cluster/find-run.js';
import { readEntries } from '../cluster/read-entries.js';
import type { CheckpointsPlace } from '../trained-run/checkpoints-place.js';
import { UsageError } from '../usage-error.js';
import type { AuditSource, ClaimedResult } from './audited-run.js';

/** @throws UsageError where there is no run of the name, or nobody described it; BusRefusedError */
export async function logSource(bus: Bus, name: string): Promise<AuditSource> {
  const address = await findRun(bus, name);
  const description = await descriptionOf(bus, address);
  const log = await bus.openLog(logStream(address));
  const ledger = new LogLedger();
  let result: ClaimedResult | null = null;
  const job = resolveJob(description.job);
  return {
    run: {
      ...{ name, id: address.run, job, datasetDigest: description.dataset.digest },
      movedDataset: job.spec.data.path === null ? null : description.dataset.directory,
      checkpoints: checkpointsHere(description),
    },
    async readLedger(audit, { progress }) {
      checkJob(description, wholeJobDigest(job), audit);
      await readEntries(log, (data, sequence) => {
        const entry = entryOf(data, sequence, audit);
        if (entry === null) return;
        result = resultBehind(entry.entry, result);
        const line = ledger.lineOf(entry);
        if (line !== null) audit.line(line);
        if (line?.kind === 'step') progress(line.record.step, audit.totalSteps);
      });
    },
    result: () => result,
  };
}

async function descriptionOf(bus: Bus, address: RunAddress): Promise<RunDescription> {
  const value = await (await bus.openValues(claimsBucket)).get(descriptionKey(address));
  const description = value === null ? null : decodeDescription(value.data);
  if (description !== null) return description;
  const what = value === null ? 'its job was never described' : 'another version described its job';
  throw new UsageError(
    `Cannot audit the run ${address.run} of "${address.job}" on this nats-server: ${what} there: ` +
      'its folder must be audited instead',
  );
}

/** A bucket is read from anywhere; a folder where there is one of that name. */
function checkpointsHere({ checkpoints }: RunDescription): CheckpointsPlace {
  if (checkpoints === null) {
    return { kind: 'away', reason: 'its checkpoints are with its workers (--checkpoints workers)' };
  }
  if (isBucket(checkpoints) || existsSync(checkpoints)) {
    return { kind: 'here', location: checkpoints };
  }
  return {
    kind: 'away',
    reason: `its checkpoints are in ${checkpoints}, which is not on this machine`,
  };
}

function checkJob({ jobSha256 }: RunDescription, digest: string, audit: LedgerAudit): void {
  if (jobSha256 === digest) return;
  const text = `the job that stands on the nats-server has the digest ${digest}: the run's is ${jobSha256}`;
  audit.differences.add('owner', null, text);
}

function entryOf(data: Uint8Array, sequence: number, audit: LedgerAudit): LogEntry | null {
  try {
    return decodeLogEntry(data);
  } catch (error) {
    if (!(error instanceof MalformedMessageError)) throw error;
    audit.differences.add('unreadable', null, `entry ${sequence} of the log: ${error.message}`);
    return null;
  }
}

/** A run that goes on after its end has not ended. */
function resultBehind(entry: Happening, before: ClaimedResult | null): ClaimedResult | null {
  if (entry.kind === 'failed') return { kind: 'failed' };
  if (entry.kind === 'finished') return { kind: 'finished', ...entry.result };
  return entry.kind === 'generation' ? null : before;
}
