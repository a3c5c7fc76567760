import { join, resolve } from 'node:path';
import type { ExitCode } from '../../shared/exit-codes.js';
import { exitCodes } from '../../shared/exit-codes.js';
import type { TrainingJob } from '../../shared/job-spec/job-spec.js';
import { readRunArguments } from '../arguments.js';
import { trainHelp } from '../help.js';
import { openDisplay } from '../output/display.js';
import { launcherOf, resumeCommand } from './ending/resume-command.js';
import { absolutePaths } from './job/job-paths.js';
import { readJobText } from './job/read-job-text.js';
import { readPretrainedJob } from './job/read-pretrained-job.js';
import { trainJob } from './train-job.js';

/** @throws UsageError, JobSpecError, and what `trainJob` throws, before anything is started. */
export async function trainCommand(words: readonly string[]): Promise<ExitCode> {
  const given = readRunArguments('train', words);
  if (given === null) {
    process.stdout.write(`${trainHelp}\n`);
    return exitCodes.success;
  }
  // Like any other override, so that the rules of the job hold for it.
  const workers = given.workers === null ? [] : [`workers.replicas=${given.workers}`];
  const init = given.initFrom === null ? [] : [`init.from=${JSON.stringify(given.initFrom)}`];
  const wish = await readSpec(given.subject, [...given.overrides, ...workers, ...init]);
  const display = openDisplay({
    json: given.json,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    now: () => performance.now(),
  });
  return trainJob({
    job: wish,
    output: resolve(given.output ?? join('runs', wish.metadata.name)),
    resume: given.resume,
    natsUrl: given.nats,
    metricsPort: given.metricsPort,
    display,
    commandTo: (goOn) =>
      resumeCommand({
        launcher: launcherOf(process.argv[1], process.env.npm_command),
        workingDirectory: process.cwd(),
        words: ['train', ...words],
        again: goOn === 'begin',
      }),
  });
}

/** @throws UsageError, JobSpecError, PretrainedError */
async function readSpec(file: string, overrides: readonly string[]): Promise<TrainingJob> {
  const bases = { file, overrides, workingDirectory: process.cwd() };
  return absolutePaths(await readPretrainedJob(readJobText(file), bases), bases);
}
