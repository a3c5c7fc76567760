import { exitCodes } from '../shared/exit-codes.js';

/** The table of exit codes for `--help` and the docs. */
export const exitCodeHelp = `Exit codes:
  ${exitCodes.success}    done
  ${exitCodes.internal}    a defect of Lockstep or of this machine
  ${exitCodes.usage}    the command, the job, the data or the machine cannot be used as they are; nothing was trained
  ${exitCodes.training}    training failed: a loss that is not finite, a collapse, members that disagree, no memory, a full disk
  ${exitCodes.lost}    a worker, the coordinator or nats-server was lost and stayed away; --resume continues
  ${exitCodes.stopped}    stopped by Ctrl-C after a checkpoint; --resume continues
  ${exitCodes.interrupted}  stopped at once by a second Ctrl-C`;
