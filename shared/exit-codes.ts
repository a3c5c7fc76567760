/** How a process of Lockstep ends; `lockstep --help` prints this table. */
export const exitCodes = {
  /** Everything that was asked for is done. */
  success: 0,
  /** A defect of Lockstep or of the machine: the message and the log say more. */
  internal: 1,
  /** The command line, the job, the data or the machine cannot be used as they are; nothing was trained. */
  usage: 2,
  /** Training itself failed: a loss that is not finite, a collapse, members that disagree, no memory, a full disk. */
  training: 3,
  /** A worker, the coordinator or nats-server was lost and stayed away; `--resume` continues. */
  lost: 4,
  /** Stopped on request after a checkpoint; `--resume` continues. */
  stopped: 5,
  /** Stopped at once by a second Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What the user can do: go on where the run was, or first change what the message names. */
export type Remedy = 'resume' | 'change';

interface Meaning {
  readonly exitCode: ExitCode;
  readonly remedy: Remedy;
  readonly codes: readonly string[];
}

/** Codes of failures that follow from another process's end: the cause must be looked for there. */
const consequences = [
  'PEER_LOST',
  'PEER_TIMEOUT',
  'BUS_LOST',
  'BUS_AWAY',
  'COORDINATOR_LOST',
  'EXCHANGE_ABORTED',
  'ABORTED',
] as const;

/** Every stable `code` that an error of a process can have; e2e/exit-codes.test.ts reads the sources. */
const meanings: readonly Meaning[] = [
  { exitCode: exitCodes.lost, remedy: 'resume', codes: consequences },
  {
    // A process could not be reached in time, or ended.
    exitCode: exitCodes.lost,
    remedy: 'resume',
    codes: [
      'FOLDER_LOST',
      'RUN_LOST',
      'NO_PROGRESS',
      'LINKS_CONNECT',
      'FRAME_INVALID',
      'BUS_REFUSED',
      'PROCESS_LOST',
      'NATS_SERVER_START',
      'CLUSTER_LOST',
      'TRANSFER',
      'STATE_TRANSFER',
      'STATE_ABSENT',
      'DATASET_AWAY',
      // A newer generation may be at work: it goes on.
      'FENCED',
    ],
  },
  { exitCode: exitCodes.stopped, remedy: 'resume', codes: ['STOPPED'] },
  { exitCode: exitCodes.interrupted, remedy: 'resume', codes: ['INTERRUPTED'] },
  {
    // It would end the same way again: the job or the machine must change first.
    exitCode: exitCodes.training,
    remedy: 'change',
    codes: [
      'NON_FINITE',
      'NO_LIVE_NEGATIVES',
      'ZERO_GRADIENT',
      'COLLAPSED',
      'OUT_OF_MEMORY',
      'PLAN_MISMATCH',
      'PLAN_FORGED',
      'MEMBERS_DIFFER',
      'WEIGHTS_DIFFER',
      'STATE_DIFFERS',
      'USERS_DIFFER',
    ],
  },
  // Whoever has made room on the disk, or has mended it, can go on.
  {
    exitCode: exitCodes.training,
    remedy: 'resume',
    codes: ['DISK_FULL', 'STORAGE', 'CHECKPOINT_LOST'],
  },
  // An error that nobody expected; it may not come again.
  { exitCode: exitCodes.training, remedy: 'resume', codes: ['TRAINING_THREAD', 'TRAINING_FAILED'] },
  {
    exitCode: exitCodes.usage,
    remedy: 'change',
    codes: [
      'USAGE',
      'OPTION',
      'BUS_UNAUTHORIZED',
      'BUS_UNTRUSTED',
      'JOB_SPEC_INVALID',
      'JOB_MISMATCH',
      'FOLDER_BUSY',
      'FOLDER_UNUSABLE',
      'RUN_LIVE',
      'HISTORY_REFUSED',
      'DURATION_PASSED',
      'EMPTY_PLAN',
      'METRIC_MISSING',
      'MODEL_TOO_LARGE',
      'NATS_SERVER_MISSING',
      'ENGINE_UNAVAILABLE',
      'PORT_UNAVAILABLE',
      'CHECKPOINT_MISSING',
      'CHECKPOINT_REFUSED',
      'STORE_REFUSED',
      'TENSOR_MISMATCH',
      // Of DatasetError: rows,
      'FIELD_COUNT',
      'BAD_NUMBER',
      'BAD_LABEL',
      'BAD_TIME',
      'BAD_JSON',
      'EMPTY_ID',
      'EMPTY_TEXT',
      'UNKNOWN_ITEM',
      'DUPLICATE_ITEM',
      'BAD_QUOTES',
      'BAD_UTF8',
      'ROW_TOO_LONG',
      // files, folders and requests.
      'EMPTY_FILE',
      'NO_INTERACTIONS',
      'MISSING_COLUMN',
      'BAD_HEADER',
      'BAD_PACKING',
      'FOREIGN_FILE',
      'UNREADABLE_FILE',
      'FILE_CHANGED',
      'TOO_LARGE',
      'BAD_OPTION',
      'BAD_TOKENIZER',
      'BAD_PRETRAINED',
      'OUTPUT_EXISTS',
      'NOT_A_DATASET',
      'NO_LABELS',
      'DAMAGED_DATASET',
      'UNKNOWN_DATASET',
      'FETCH_FAILED',
      'BENCHMARK_FAILED',
    ],
  },
  {
    // Nobody should ever see these: each says that Lockstep has broken a rule of its own.
    exitCode: exitCodes.internal,
    remedy: 'resume',
    codes: [
      'INTERNAL',
      'MALFORMED_MESSAGE',
      'LEDGER_LINE',
      'SUBJECT_TOKEN',
      'SAFETENSORS',
      'BAD_ZIP',
      'STATE_HEADER',
    ],
  },
];

export const consequenceCodes: ReadonlySet<string> = new Set(consequences);

const meaningOf: ReadonlyMap<string, Meaning> = new Map(
  meanings.flatMap((meaning) => meaning.codes.map((code) => [code, meaning] as const)),
);

export const knownCodes: readonly string[] = [...meaningOf.keys()];

export const isKnownCode = (code: string): boolean => meaningOf.has(code);

/** The exit code for the `code` of an error; an unknown one is a defect. */
export const exitCodeOf = (code: string): ExitCode =>
  meaningOf.get(code)?.exitCode ?? exitCodes.internal;

export const remedyOf = (code: string): Remedy => meaningOf.get(code)?.remedy ?? 'resume';

/** The stable `code` of an error; `INTERNAL` for one that has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : 'INTERNAL';
}
