import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { readManifest } from '../../dataset/dataset-manifest.js';
import { lockFolder } from '../../process/folder-lock.js';
import { checkHistory, RunHistory } from '../../process/run-history.js';
import type { ExitCode } from '../../shared/exit-codes.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { jobId } from '../../shared/ids.js';
import { jobDigest, wholeJobDigest } from '../../shared/job-spec/job-digest.js';
import { parseJob, type TrainingJob } from '../../shared/job-spec/job-spec.js';
import { makeRunId, runIdBytes } from '../../shared/run/run-id.js';
import { readRunArguments } from '../arguments.js';
import { datasetFolder } from '../dataset-folder.js';
import { trainHelp } from '../help.js';
import { openDisplay } from '../output/display.js';
import { metricsTable } from '../output/metrics-table.js';
import { UsageError } from '../usage-error.js';
import { chooseWeights } from './choose-weights.js';
import { absolutePaths } from './job-paths.js';
import {
  checkOutput,
  decideRun,
  earlierJob,
  hasCheckpoints,
  sweepOutput,
  writeOutput,
} from './output-folder.js';
import { launcherOf, resumeCommand } from './resume-command.js';
import { watchRun } from './watch-run.js';

/** @throws UsageError, JobSpecError, DatasetError, FolderBusyError before anything is started. */
export async function trainCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readRunArguments('train', words);
  if (given === null) {
    process.stdout.write(`${trainHelp}\n`);
    return exitCodes.success;
  }
  // Like any other override, so that the rules of the job hold for it.
  const workers = given.workers === null ? [] : [`workers.replicas=${given.workers}`];
  const init = given.initFrom === null ? [] : [`init.from=${JSON.stringify(given.initFrom)}`];
  const wish = readSpec(given.subject, [...given.overrides, ...workers, ...init]);
  const display = openDisplay({
    json: given.json,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    now: () => performance.now(),
  });
  const note = (text: string): void => display.note(text);
  const output = resolve(given.output ?? join('runs', wish.metadata.name));
  const lock = await lockFolder(output, { note });
  try {
    const earlier = given.resume && wish.spec.init !== undefined ? earlierJob(output) : null;
    const job = chooseWeights(wish, earlier);
    checkOutput(output, job, given.resume);
    const datasetDirectory = await datasetFolder(job, note);
    const { digest: datasetDigest } = await readManifest(datasetDirectory);
    const newId = makeRunId('training', randomBytes(runIdBytes));
    const datasetPath =
      job.spec.data.path === undefined ? null : relative(output, datasetDirectory);
    const { resume } = given;
    const record = decideRun(output, { job, resume, datasetDigest, datasetPath, newId });
    // A folder may hold what an attempt without a checkpoint left: that run is another one.
    const continues = record.id !== newId;
    if (continues) checkHistory(output);
    // Everything has been checked: only now is anything written.
    sweepOutput(output);
    const jobFile = writeOutput(output, job, record);
    const history = RunHistory.open({
      folder: output,
      resume: continues,
      owner: { run: record.id, job: job.metadata.name, job_sha256: jobDigest(job) },
      time: new Date().toISOString(),
      onTrouble: note,
    });
    void lock.lost.then(() => history.abandon());
    return await watchRun({
      display,
      history,
      metricsTable,
      next: () => {
        const resumes = hasCheckpoints(output);
        const command = resumeCommand({
          launcher: launcherOf(process.argv[1], process.env.npm_command),
          workingDirectory: process.cwd(),
          words: ['train', ...words],
          again: !resumes,
        });
        return { resumes, command };
      },
      run: {
        jobFile,
        run: { job: jobId(job.metadata.name), run: record.id },
        jobDigest: wholeJobDigest(job),
        datasetDirectory,
        output,
        workers: job.spec.workers.replicas,
        natsUrl: given.nats,
        metricsPort: given.metricsPort,
        resume: given.resume ? 'newest' : null,
        evaluateOnly: false,
        trouble: lock.lost,
      },
    });
  } finally {
    lock.release();
  }
}

/** @throws UsageError, JobSpecError */
function readSpec(file: string, overrides: readonly string[]): TrainingJob {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`Cannot read the job: ${(cause as Error).message}`, { cause });
  }
  const workingDirectory = process.cwd();
  return absolutePaths(parseJob(text, overrides), { file, overrides, workingDirectory });
}
