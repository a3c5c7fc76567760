/**
 * What a user does next, for every code that a failure can have; the message before it says what is wrong.
 * A test holds this table to that of the exit codes.
 */
import { codeOf } from '../../../shared/exit-codes.js';
import { lessMemory } from '../../../shared/memory-words.js';

interface NextStep {
  readonly codes: readonly string[];
  /** A sentence; the command that goes on stands below it, where there is one. */
  readonly text: string;
}

const processes: readonly NextStep[] = [
  {
    codes: ['PEER_LOST', 'PEER_TIMEOUT', 'PROCESS_LOST'],
    text: 'look at the log of that process (logs/ of the run) and at the memory of its machine, and go on',
  },
  {
    codes: ['ABORTED', 'EXCHANGE_ABORTED', 'COORDINATOR_LOST'],
    text: 'another process ended first: its log (logs/ of the run) tells why; then go on',
  },
  {
    codes: ['BUS_LOST', 'BUS_AWAY'],
    text:
      'see that nats-server runs and is reached from here ("lockstep doctor" tries it), and go on; ' +
      'LOCKSTEP_NATS_WAIT says how many seconds it is waited for',
  },
  {
    codes: ['BUS_REFUSED'],
    text: 'give nats-server what it asks for (room, a right, the stream that is gone), and go on',
  },
  {
    codes: ['NATS_SERVER_START'],
    text: 'see the log of nats-server (logs/ of the run), and "lockstep doctor" for ports and disk; then go on',
  },
  {
    codes: ['LINKS_CONNECT', 'TRANSFER', 'STATE_TRANSFER'],
    text: 'see that workers reach each other (--bind, --announce, firewalls: docs/cluster.md), and go on',
  },
  {
    codes: ['FRAME_INVALID', 'MALFORMED_MESSAGE'],
    text: 'run one version of Lockstep everywhere ("lockstep version"), and go on',
  },
  {
    codes: ['NO_PROGRESS'],
    text: 'look at the worker that is named: a stopped process, a machine that swaps, a disk that hangs; go on then',
  },
  {
    codes: ['STATE_ABSENT', 'CHECKPOINT_LOST'],
    text: 'start the workers whose folders have the checkpoint, or let the run go on from an older one (docs/checkpoints.md)',
  },
  {
    codes: ['FENCED'],
    text: 'nothing, where somebody else goes on with the run: "lockstep attach" shows it; else go on',
  },
  {
    codes: ['FOLDER_LOST', 'RUN_LOST'],
    text: 'see who goes on with the run ("lockstep attach", .lock of the folder); go on where nobody does',
  },
  {
    codes: ['CLUSTER_LOST'],
    text: 'see that the API server is reached ("kubectl version"), and ask again: the job goes on meanwhile',
  },
  {
    codes: ['DATASET_AWAY'],
    text: 'see that the place of the dataset is reached (LOCKSTEP_PACKAGE_INDEX, a mounted folder), and go on',
  },
  { codes: ['STOPPED', 'INTERRUPTED'], text: 'go on whenever you like' },
];

const training: readonly NextStep[] = [
  {
    codes: ['NON_FINITE', 'COLLAPSED', 'ZERO_GRADIENT', 'NO_LIVE_NEGATIVES'],
    text:
      'lower optimizer.learningRate or lengthen optimizer.schedule.warmupSteps, and train again; docs/guard.md ' +
      'has the signs and what helps against each',
  },
  { codes: ['OUT_OF_MEMORY'], text: `change the job: ${lessMemory}; then train again` },
  {
    codes: ['MODEL_TOO_LARGE'],
    text: 'make the model of the job smaller (model.item, model.user)',
  },
  {
    codes: ['MEMBERS_DIFFER', 'WEIGHTS_DIFFER', 'STATE_DIFFERS', 'USERS_DIFFER', 'PLAN_MISMATCH'],
    text:
      'compare the machines (hardware type, version, dataset) and test their memory; "lockstep audit" says up to ' +
      'which step the run is sound (docs/ledger.md)',
  },
  {
    codes: ['PLAN_FORGED'],
    text: 'see who else may write to the nats-server of the run, and give the job an account of its own (docs/security.md)',
  },
  {
    codes: ['DISK_FULL', 'STORAGE'],
    text: 'make room or mend the disk or the store that is named, and go on; checkpoint.keep bounds checkpoints',
  },
  {
    codes: ['TRAINING_THREAD', 'TRAINING_FAILED'],
    text: 'see the log of that worker (logs/ of the run), and go on: it may not come again; where it does, please report it',
  },
];

const machine: readonly NextStep[] = [
  {
    codes: ['NATS_SERVER_MISSING', 'ENGINE_UNAVAILABLE'],
    text: 'do what the message names; "lockstep doctor" tells all that is missing on this machine',
  },
  {
    codes: ['PORT_UNAVAILABLE'],
    text: 'name another port; 0 takes a free one',
  },
  {
    codes: ['BUS_UNAUTHORIZED', 'BUS_UNTRUSTED'],
    text: 'correct the user, the password, the credentials or the certificate that the message names (docs/security.md)',
  },
  { codes: ['BENCHMARK_FAILED'], text: 'see "lockstep doctor" for the engines of this machine' },
];

const job: readonly NextStep[] = [
  {
    codes: ['JOB_SPEC_INVALID', 'METRIC_MISSING', 'EMPTY_PLAN'],
    text: 'change the fields that are named, in the file or by --set; docs/job-spec.md has all of them',
  },
  {
    codes: ['JOB_MISMATCH', 'TENSOR_MISMATCH', 'CHECKPOINT_REFUSED', 'CHECKPOINT_MISSING'],
    text:
      'name the run or the checkpoint that belongs to this job, or begin anew in another --output; --init-from starts ' +
      'from other weights',
  },
  {
    codes: ['FOLDER_BUSY', 'RUN_LIVE'],
    text: 'watch or stop that run (lockstep top, attach, stop), or give this one another --output or name',
  },
  {
    codes: ['FOLDER_UNUSABLE', 'HISTORY_REFUSED'],
    text: 'name another --output, or move away what is there',
  },
  {
    codes: ['DURATION_PASSED'],
    text: 'raise duration of the job, or take the checkpoint that is there',
  },
  {
    codes: ['STORE_REFUSED'],
    text: 'correct the bucket, its keys or its rights, and start again (docs/checkpoints.md)',
  },
];

const data: readonly NextStep[] = [
  {
    codes: [
      ...[
        'FIELD_COUNT',
        'BAD_NUMBER',
        'BAD_LABEL',
        'BAD_TIME',
        'BAD_JSON',
        'EMPTY_ID',
        'EMPTY_TEXT',
      ],
      ...['UNKNOWN_ITEM', 'DUPLICATE_ITEM', 'BAD_QUOTES', 'BAD_UTF8', 'ROW_TOO_LONG'],
    ],
    text: 'mend the row that is named, or leave out such rows: --on-bad-row skip counts them (docs/data.md)',
  },
  {
    codes: ['MISSING_COLUMN', 'BAD_HEADER', 'NO_LABELS'],
    text: 'name the columns as the file has them (--user-column, --label, ...: "lockstep data --help")',
  },
  {
    codes: [
      ...['EMPTY_FILE', 'NO_INTERACTIONS', 'BAD_PACKING', 'FOREIGN_FILE', 'UNREADABLE_FILE'],
      ...['FILE_CHANGED', 'TOO_LARGE', 'BAD_ZIP'],
    ],
    text: 'give the command another file, or the same one whole and unchanged; docs/data.md says what is read',
  },
  {
    codes: ['OUTPUT_EXISTS'],
    text: 'name another --output, or remove the folder that is there',
  },
  {
    codes: ['NOT_A_DATASET', 'DAMAGED_DATASET', 'UNKNOWN_DATASET'],
    text: 'import or fetch the dataset again (lockstep data import, lockstep data fetch), and name its folder in the job',
  },
  {
    codes: ['FETCH_FAILED'],
    text: 'see that the package index is reached (LOCKSTEP_PACKAGE_INDEX, PIP_INDEX_URL), and fetch again',
  },
  {
    codes: ['BAD_TOKENIZER', 'BAD_PRETRAINED', 'SAFETENSORS'],
    text: 'see what the model is with "lockstep weights PATH"; docs/pretrained.md says what is read',
  },
];

const command: readonly NextStep[] = [
  {
    codes: ['USAGE', 'OPTION', 'BAD_OPTION'],
    text: 'correct what the message names; --help of the command has its options and examples',
  },
  {
    codes: ['INTERNAL', 'LEDGER_LINE', 'SUBJECT_TOKEN', 'STATE_HEADER'],
    text: 'this is a defect of Lockstep: please report it with this text, the command and logs/ of the run',
  },
];

const steps: ReadonlyMap<string, string> = new Map(
  [...processes, ...training, ...machine, ...job, ...data, ...command].flatMap(({ codes, text }) =>
    codes.map((code) => [code, text] as const),
  ),
);

export const codesWithNextStep: readonly string[] = [...steps.keys()];

/** A line for the user. A code that is not known is a defect, and is told as one. */
export const nextStepText = (code: string): string =>
  `Next: ${steps.get(code) ?? steps.get('INTERNAL') ?? ''}.`;

/**
 * The same for an error that ends a command; one of the system names a file or an address. Null where its
 * message has said it.
 *
 * @param help the words that ask for the command's help
 */
export function nextStepOf(error: unknown, help: string): string | null {
  const isOfTheSystem = typeof (error as NodeJS.ErrnoException | null)?.syscall === 'string';
  if (isOfTheSystem) return systemStep;
  // Many such messages end with it themselves.
  if (/\(see "lockstep [^"]*--help"\)$/.test((error as Error | null)?.message ?? '')) return null;
  return codeOf(error) === 'USAGE'
    ? `Next: correct what the message names; "${help}" has the options and examples.`
    : nextStepText(codeOf(error));
}

const systemStep =
  'Next: see that what the message names is there and may be used by you, and start the command again.';
