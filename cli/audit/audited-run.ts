/** What is audited, wherever it is known from: a run's folder, or its log on a nats-server. */
import type { RunId } from '../../shared/ids.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import type { LedgerAudit } from '../../shared/ledger/audit/ledger-audit.js';
import type { CheckpointsPlace } from '../trained-run/checkpoints-place.js';

export interface AuditedRun {
  /** As the verdict names it. */
  readonly name: string;
  readonly id: RunId;
  readonly job: TrainingJob;
  readonly datasetDigest: string;
  /** Where the dataset may be, if it is not where the job says; null for a built-in one. */
  readonly movedDataset: string | null;
  /** The folder or bucket of its checkpoints, or why they cannot be read from here. */
  readonly checkpoints: CheckpointsPlace;
}

/** What a run says that it came to. */
export type ClaimedResult =
  | { readonly kind: 'failed' }
  | {
      readonly kind: 'finished';
      readonly committedSteps: number;
      readonly weightsSha256: string;
      readonly stopped: boolean;
      readonly endedEarly: boolean;
    };

export interface LedgerReading {
  readonly note: (text: string) => void;
  readonly progress: (step: number, totalSteps: number) => void;
}

export interface AuditSource {
  readonly run: AuditedRun;
  /** Tells every line of the ledger, and what cannot be read of it. */
  readonly readLedger: (audit: LedgerAudit, reading: LedgerReading) => Promise<void>;
  /** Asked behind the ledger. Null where the run lasts, or was killed; a text says what is wrong with it. */
  readonly result: () => ClaimedResult | string | null;
}
