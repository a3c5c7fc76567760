/** How a process of Lockstep ends; `lockstep --help` prints this table. */
export const exitCodes = {
  /** Everything that was asked for is done. */
  success: 0,
  /** A defect of Lockstep or of the machine: the message and the log say more. */
  internal: 1,
  /** The command line, the job or the data cannot be used; nothing was started. */
  usage: 2,
  /** Training itself failed: a loss that is not finite, members that disagree, a full disk. */
  training: 3,
  /** A worker, the coordinator or nats-server was lost; `--resume` continues. */
  lost: 4,
  /** Stopped on request after a checkpoint; `--resume` continues. */
  stopped: 5,
  /** Stopped at once by a second Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Codes of failures that follow from another process's end: the cause must be looked for there. */
export const consequenceCodes: ReadonlySet<string> = new Set([
  'PEER_LOST',
  'PEER_TIMEOUT',
  'BUS_LOST',
  'COORDINATOR_LOST',
  'EXCHANGE_ABORTED',
  'ABORTED',
]);

/** Codes that say that a process could not be reached in time. */
const lossCodes: ReadonlySet<string> = new Set([
  'FOLDER_LOST',
  'MEMBER_LOST',
  'MEMBER_RESTARTED',
  'MEMBERSHIP',
  'NO_PROGRESS',
  'START_TIMEOUT',
  'LINKS_CONNECT',
  'BUS_REFUSED',
  'PROCESS_LOST',
  'NATS_SERVER_START',
]);

const usageCodes: ReadonlySet<string> = new Set([
  'USAGE',
  'OPTION',
  'JOB_SPEC_INVALID',
  'JOB_MISMATCH',
  'NATS_SERVER_MISSING',
  'EMPTY_PLAN',
  'FOLDER_BUSY',
  'FOLDER_UNUSABLE',
  'HISTORY_REFUSED',
  // Codes of DatasetError for folders and built-in datasets.
  'NOT_A_DATASET',
  'DAMAGED_DATASET',
  'UNKNOWN_DATASET',
  'FETCH_FAILED',
]);

/** The exit code for the `code` of an error. */
export function exitCodeOf(code: string): ExitCode {
  if (consequenceCodes.has(code) || lossCodes.has(code)) return exitCodes.lost;
  if (usageCodes.has(code)) return exitCodes.usage;
  if (code === 'STOPPED') return exitCodes.stopped;
  return code === 'INTERNAL' ? exitCodes.internal : exitCodes.training;
}

/** The stable `code` of an error; `INTERNAL` for one that has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'INTERNAL';
}
