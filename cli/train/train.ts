import { join, resolve } from 'node:path';
import type { ExitCode } from '../../shared/exit-codes.js';
import { exitCodes } from '../../shared/exit-codes.js';
import { goodbyeTimeout } from '../../shared/limits.js';
import { readRunArguments } from '../arguments.js';
import { natsAddressIfAny } from '../cluster/nats-address.js';
import { trainHelp } from '../help.js';
import { leaveWithin } from '../leave-within.js';
import { openOwnDisplay } from '../output/display/own-display.js';
import { launcherOf, resumeCommand } from './ending/resume-command.js';
import { readJobArgument } from './job/read-job-argument.js';
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
  const overrides = [...given.overrides, ...workers];
  const wish = await readJobArgument({ ...given, overrides });
  const display = openOwnDisplay(given.json);
  const code = await trainJob({
    job: wish,
    output: resolve(given.output ?? join('runs', wish.metadata.name)),
    resume: given.resume,
    natsUrl: natsAddressIfAny(given.nats),
    metricsPort: given.metricsPort,
    dashboardPort: given.dashboardPort,
    display,
    commandTo: (goOn) =>
      resumeCommand({
        launcher: launcherOf(process.argv[1], process.env.npm_command),
        workingDirectory: process.cwd(),
        words: ['train', ...words],
        again: goOn === 'begin',
      }),
  });
  leaveWithin(goodbyeTimeout);
  return code;
}
