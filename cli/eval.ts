import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { type ExitCode, exitCodes } from '../shared/exit-codes.js';
import { jobId } from '../shared/ids.js';
import { wholeJobDigest } from '../shared/job-spec/job-digest.js';
import type { TrainingJob } from '../shared/job-spec/job-spec.js';
import { makeRunId, runIdBytes } from '../shared/run/run-id.js';
import { readRunArguments } from './arguments.js';
import { datasetFolder } from './dataset-folder.js';
import { evalHelp } from './help.js';
import { openDisplay } from './output/display.js';
import { metricsTable } from './output/metrics-table.js';
import { jobFileOf, readJob } from './train/output-folder.js';
import { launcherOf, resumeCommand } from './train/resume-command.js';
import { readRunRecord } from './train/run-record.js';
import { watchRun } from './train/watch-run.js';
import { UsageError } from './usage-error.js';

/** @throws UsageError, JobSpecError, DatasetError before anything is started. */
export async function evalCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readRunArguments('eval', words);
  if (given === null) {
    process.stdout.write(`${evalHelp}\n`);
    return exitCodes.success;
  }
  const { output, checkpoint } = locate(resolve(given.subject));
  const jobFile = jobFileOf(output);
  const job = readJob(jobFile);
  const display = openDisplay({
    json: given.json,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    now: () => performance.now(),
  });
  const path = readRunRecord(output)?.datasetPath ?? null;
  const moved = path === null ? null : resolve(output, path);
  const datasetDirectory = await datasetFolder(job, (text) => display.note(text), moved);
  return watchRun({
    display,
    history: null,
    metricsTable,
    next: () => ({
      resumes: false,
      command: resumeCommand({
        launcher: launcherOf(process.argv[1], process.env.npm_command),
        workingDirectory: process.cwd(),
        words: ['eval', ...words],
        again: true,
      }),
    }),
    run: {
      jobFile,
      run: {
        job: jobId(job.metadata.name),
        run: makeRunId('evaluation', randomBytes(runIdBytes)),
      },
      jobDigest: wholeJobDigest(job),
      claim: null,
      datasetDirectory,
      output,
      workers: workersFor(job, given.workers),
      natsUrl: given.nats,
      metricsPort: null,
      resume: checkpoint ?? 'newest',
      evaluateOnly: true,
    },
  });
}

/** A run's folder, or `FOLDER/checkpoints/step-00000120` in one. */
function locate(folder: string): { output: string; checkpoint: string | null } {
  if (existsSync(jobFileOf(folder))) return { output: folder, checkpoint: null };
  const output = dirname(dirname(folder));
  if (basename(folder).startsWith('step-') && existsSync(jobFileOf(output))) {
    return { output, checkpoint: folder };
  }
  throw new UsageError(
    `Cannot evaluate "${folder}": it must be the --output of a run, or a checkpoint in it`,
  );
}

function workersFor({ spec }: TrainingJob, given: number | null): number {
  if (given !== null && given > spec.lanes) {
    throw new UsageError(
      `Cannot evaluate: --workers must be at most the job's ${spec.lanes} lanes: current value is ${given}`,
    );
  }
  return given ?? Math.min(spec.workers.replicas, spec.lanes);
}
