/** How a process of Lockstep ends; `lockstep --help` prints this table. */
export const exitCodes = {
  /** Everything that was asked for is done. */
  success: 0,
  /** A defect of Lockstep or of the machine: the message and the log say more. */
  internal: 1,
  /** The command line, the job or the data cannot be used; nothing was started. */
  usage: 2,
  /** Training itself failed: a loss that is not finite, members that disagree, a damaged file. */
  training: 3,
  /** A worker, the coordinator or nats-server was lost; `--resume` continues. */
  lost: 4,
  /** Stopped on request after a checkpoint; `--resume` continues. */
  stopped: 5,
  /** Stopped at once by a second Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
