import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { sweepAbandoned, temporaryPart } from '../process/ownership/temporary-name.js';
import { type ExitCode, exitCodes } from '../shared/exit-codes.js';
import { jobId } from '../shared/ids.js';
import { wholeJobDigest } from '../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../shared/job-spec/job-spec.js';
import { makeRunId, runIdBytes } from '../shared/run/run-id.js';
import { readRunArguments } from './arguments.js';
import { checkStart } from './check-start.js';
import { natsAddressIfAny } from './cluster/nats-address.js';
import { datasetFolder } from './dataset-folder.js';
import { evalHelp } from './help.js';
import { openOwnDisplay } from './output/display/own-display.js';
import { metricsTable } from './output/end/metrics-table.js';
import { ownCommand } from './output/text/own-command.js';
import { jobFileOf, readJob } from './train/output-folder.js';
import { readRunRecord } from './train/run-record.js';
import { watchRun } from './train/watch-run.js';
import { locateRun } from './trained-run/locate-run.js';
import { UsageError } from './usage-error.js';
import { requireServer } from './use-server.js';

/** @throws UsageError, JobSpecError, DatasetError before anything is started. */
export async function evalCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readRunArguments('eval', words);
  if (given === null) {
    process.stdout.write(`${evalHelp}\n`);
    return exitCodes.success;
  }
  const { output, checkpoint, checkpoints } = locateRun(given.subject, 'evaluate');
  const jobFile = jobFileOf(output);
  const job = readJob(jobFile);
  const display = openOwnDisplay(given.json);
  const workers = workersFor(job, given.workers);
  const path = readRunRecord(output)?.datasetPath ?? null;
  const moved = path === null ? null : resolve(output, path);
  const datasetDirectory = await datasetFolder(job, (text) => display.note(text), moved);
  const natsUrl = natsAddressIfAny(given.nats);
  await checkStart({ job, datasetDirectory, workers, metricsPort: null, natsUrl });
  if (natsUrl !== null) await requireServer(natsUrl);
  const folder = makeEvaluationFolder();
  const code = await watchRun({
    display,
    history: null,
    ledger: null,
    metricsTable,
    next: () => ({ resumes: false, command: ownCommand(['eval', ...words]) }),
    run: {
      jobFile,
      run: {
        job: jobId(job.metadata.name),
        run: makeRunId('evaluation', randomBytes(runIdBytes)),
      },
      jobDigest: wholeJobDigest(job),
      claim: null,
      datasetDirectory,
      output: folder,
      checkpoints,
      workers,
      natsUrl,
      metricsPort: null,
      resume: checkpoint ?? 'newest',
      evaluateOnly: true,
    },
  });
  // After a failure, its logs tell more; the next evaluation sweeps them.
  if (code === exitCodes.success || code === exitCodes.stopped)
    rmSync(folder, { recursive: true, force: true });
  return code;
}

const folderPrefix = 'lockstep-eval.';

/**
 * Where an evaluation keeps its logs and its server: not in the run's folder, which may be read-only,
 * and in which a training may be at work.
 */
function makeEvaluationFolder(): string {
  sweepAbandoned(tmpdir(), (name) => name.startsWith(folderPrefix));
  const folder = join(tmpdir(), `${folderPrefix}${temporaryPart()}`);
  mkdirSync(folder, { mode: 0o700 });
  return folder;
}

function workersFor({ spec }: TrainingJob, given: number | null): number {
  if (given !== null && given > spec.lanes) {
    throw new UsageError(
      `Cannot evaluate: --workers must be at most the job's ${spec.lanes} lanes: current value is ${given}`,
    );
  }
  return given ?? Math.min(spec.workers.replicas, spec.lanes);
}
