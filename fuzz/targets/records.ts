/** Small records: in the key-value store, in files, in names. */

import { jobId, runId, workerId } from '../../shared/ids.js';
import { decodeUsers, encodeUsers } from '../../shared/ledger/lane-users.js';
import {
  decodeLedgerLine,
  encodeLedgerLine,
  type LedgerLine,
  LedgerLineError,
} from '../../shared/ledger/ledger-line.js';
import { aRecord } from '../../shared/ledger/ledger-record-fixture.js';
import {
  decodeGeneration,
  encodeGeneration,
  type GenerationRecord,
} from '../../shared/membership/generation-record.js';
import { decodeClaim, type RunClaim } from '../../shared/run/claim.js';
import { readOwnerTag } from '../../shared/run/owner.js';
import {
  decodeDescription,
  encodeDescription,
  type RunDescription,
} from '../../shared/run/run-description.js';
import { readRunId } from '../../shared/run/run-id.js';
import { planStream, runOfName, SubjectTokenError, workerSubject } from '../../shared/subjects.js';
import { locationProblem, parseLocation } from '../../storage/location.js';
import { CheckpointError } from '../../worker/checkpoint/checkpoint-error.js';
import { committedStepsOf } from '../../worker/checkpoint/checkpoint-folder.js';
import { parseManifest } from '../../worker/checkpoint/verify-checkpoint.js';
import { json, sortedJson, type Target } from '../target.js';
import { claim, description, digestOf, generation, manifest } from './examples.js';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const never = (): boolean => false;

/** Of a reader that says null to what it cannot read, and of its writer. */
function nullable<Value>(
  name: string,
  seeds: readonly Value[],
  read: (bytes: Uint8Array) => Value | null,
  write: (value: Value) => Uint8Array,
): Target {
  return {
    name,
    seeds: seeds.map(write),
    format: json,
    read,
    isRefusal: never,
    write: (value) => (value === null ? new Uint8Array() : write(value as Value)),
  };
}

const lines: readonly LedgerLine[] = [
  { kind: 'step', record: aRecord() },
  { kind: 'resumed', time: '2026-01-02T03:04:05.678Z', committed_steps: 3 },
  {
    kind: 'ledger',
    schema_version: 1,
    time: '2026-01-02T03:04:05.678Z',
    run: 't0123456789abcdef',
    job: 'job',
    job_sha256: digestOf('a'),
  },
];

export const recordTargets = (): Target[] => [
  nullable<GenerationRecord>('generation', [generation], decodeGeneration, encodeGeneration),
  nullable<RunDescription>('description', [description], decodeDescription, encodeDescription),
  nullable<RunClaim>('claim', [claim], decodeClaim, sortedJson),
  {
    name: 'ledger-line',
    seeds: lines.map((line) => bytesOf(encodeLedgerLine(line).trimEnd())),
    format: json,
    read: (bytes) => decodeLedgerLine(textOf(bytes)),
    isRefusal: (error) => error instanceof LedgerLineError,
    write: (line) => bytesOf(encodeLedgerLine(line as LedgerLine).trimEnd()),
  },
  {
    name: 'users',
    seeds: [[], [0], [1, 2, 3, 2 ** 31 - 1]].map((users) =>
      bytesOf(encodeUsers(Int32Array.from(users))),
    ),
    read: (bytes) => decodeUsers(textOf(bytes)),
    isRefusal: never,
    write: (users) => bytesOf(users === null ? '!' : encodeUsers(users as Int32Array)),
  },
  {
    name: 'manifest',
    seeds: [manifest, { ...manifest, within: 'files-0-1' }].map(json.close),
    format: json,
    read: (bytes) => parseManifest('step-00000120', textOf(bytes)),
    isRefusal: (error) => error instanceof CheckpointError,
    write: json.close,
  },
  {
    name: 'names',
    seeds: [
      't0123456789abcdef',
      'step-00000120',
      '.x.p1s2n3b0123456789ab.y.partial',
      's3://abc/d/e',
    ].map(bytesOf),
    read: (bytes) => {
      const text = textOf(bytes);
      const location = locationProblem(text) === null ? parseLocation(text) : null;
      return [readRunId(text), committedStepsOf(text), readOwnerTag(text, 'here'), location];
    },
    isRefusal: never,
  },
  {
    name: 'subjects',
    seeds: ['job', 'a-b_c', 'lockstep-plan-job-t0123456789abcdef'].map(bytesOf),
    read: (bytes) => {
      const text = textOf(bytes);
      const run = { job: jobId(text), run: runId('t0123456789abcdef') };
      const subject = workerSubject(run, workerId(text));
      if (subject.split('.').length !== 5) throw new Error(`${subject} has other tokens`);
      return [subject, planStream(run), runOfName(run.job, text)];
    },
    isRefusal: (error) => error instanceof SubjectTokenError,
  },
];
