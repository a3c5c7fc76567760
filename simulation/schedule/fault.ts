/**
 * What goes wrong in a run, and when: data, written as one readable line each, which is also what the
 * command line takes back. Times are milliseconds of virtual time.
 */
export type Fault =
  /** The process is gone, and its sockets are closed. */
  | { readonly at: number; readonly kind: 'kill'; readonly process: string }
  /** A process of this name begins: again, or for the first time. */
  | { readonly at: number; readonly kind: 'start'; readonly process: string }
  /** The process stands still and wakes up again (SIGSTOP, SIGCONT). */
  | { readonly at: number; readonly kind: 'hang'; readonly process: string; readonly for: number }
  /** Its host is suspended: as a hang, during which its monotonic clock stands still too. */
  | {
      readonly at: number;
      readonly kind: 'suspend';
      readonly process: string;
      readonly for: number;
    }
  /** Somebody sets its host's time of day forwards, */
  | {
      readonly at: number;
      readonly kind: 'clock-on';
      readonly process: string;
      readonly for: number;
    }
  /** or backwards. */
  | {
      readonly at: number;
      readonly kind: 'clock-back';
      readonly process: string;
      readonly for: number;
    }
  /** The kernel of its training thread does not return for so long; the main thread goes on. */
  | { readonly at: number; readonly kind: 'stick'; readonly process: string; readonly for: number }
  /** What it computes and hears takes several times as long. */
  | { readonly at: number; readonly kind: 'slow'; readonly process: string; readonly for: number }
  /** Nothing arrives from it nor at it, by no way. */
  | {
      readonly at: number;
      readonly kind: 'cut-off';
      readonly process: string;
      readonly for: number;
    }
  /** It hears nothing, and is heard. */
  | { readonly at: number; readonly kind: 'deaf'; readonly process: string; readonly for: number }
  /** It is not heard, and hears. */
  | { readonly at: number; readonly kind: 'mute'; readonly process: string; readonly for: number }
  /** Between these two nothing arrives; the server hears both. */
  | {
      readonly at: number;
      readonly kind: 'divide';
      readonly process: string;
      readonly from: string;
      readonly for: number;
    }
  /** The sockets between these two are closed; they may be opened again at once. */
  | { readonly at: number; readonly kind: 'break'; readonly process: string; readonly from: string }
  /** Its connection to the server is closed, and comes back. */
  | { readonly at: number; readonly kind: 'unplug'; readonly process: string }
  /** The server does what it asks, and its answers are lost. */
  | {
      readonly at: number;
      readonly kind: 'unanswered';
      readonly process: string;
      readonly for: number;
    }
  | { readonly at: number; readonly kind: 'bus-away'; readonly for: number }
  /** Servers choose who of them leads: connections stand, and what is asked for is refused for now. */
  | { readonly at: number; readonly kind: 'electing'; readonly for: number }
  /** It is asked to end in order (SIGTERM). */
  | { readonly at: number; readonly kind: 'drain'; readonly process: string }
  /** An operator asks the leader to let the worker of this name go, as `lockstep drain` does. */
  | { readonly at: number; readonly kind: 'let-go'; readonly process: string }
  /** An operator pauses the run, and lets it go on later. */
  | { readonly at: number; readonly kind: 'pause'; readonly for: number }
  /** An operator asks for a checkpoint. */
  | { readonly at: number; readonly kind: 'checkpoint' }
  /** Somebody asks for the end of the run, again and again until the leader has heard. */
  | { readonly at: number; readonly kind: 'stop' };

export type FaultKind = Fault['kind'];

/** What follows the time and the kind, in the order of a line. */
const fieldsOf: Readonly<Record<FaultKind, readonly ('process' | 'from' | 'for')[]>> = {
  kill: ['process'],
  start: ['process'],
  hang: ['process', 'for'],
  suspend: ['process', 'for'],
  'clock-on': ['process', 'for'],
  'clock-back': ['process', 'for'],
  stick: ['process', 'for'],
  slow: ['process', 'for'],
  'cut-off': ['process', 'for'],
  deaf: ['process', 'for'],
  mute: ['process', 'for'],
  divide: ['process', 'from', 'for'],
  break: ['process', 'from'],
  unplug: ['process'],
  unanswered: ['process', 'for'],
  'bus-away': ['for'],
  electing: ['for'],
  drain: ['process'],
  'let-go': ['process'],
  pause: ['for'],
  checkpoint: [],
  stop: [],
};

/** A line is no fault. */
export class FaultLineError extends Error {
  override readonly name = 'FaultLineError';
  readonly code = 'FAULT_LINE';
  constructor(line: string) {
    super(
      `Cannot read the fault ${JSON.stringify(line)}: it must be like "1200 hang worker-1 3000": ` +
        `a time, one of ${Object.keys(fieldsOf).join(', ')}, and what belongs to it`,
    );
  }
}

/** `1200 divide worker-0 worker-1 3000`. */
export function faultLine(fault: Fault): string {
  const values = fault as unknown as Readonly<Record<string, string | number>>;
  return [fault.at, fault.kind, ...fieldsOf[fault.kind].map((field) => values[field])].join(' ');
}

/** `a; b; c`, as the command line takes it. */
export const scheduleText = (faults: readonly Fault[]): string => faults.map(faultLine).join('; ');

/** @throws FaultLineError */
export function parseSchedule(text: string): Fault[] {
  return text
    .split(';')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseFault);
}

function parseFault(line: string): Fault {
  const [at = '', kind = '', ...rest] = line.split(/\s+/);
  const fields = Object.hasOwn(fieldsOf, kind) ? fieldsOf[kind as FaultKind] : null;
  if (fields === null || fields.length !== rest.length || !isCount(at))
    throw new FaultLineError(line);
  const fault: Record<string, string | number> = { at: Number(at), kind };
  for (const [index, field] of fields.entries()) {
    const word = rest[index] as string;
    if (field === 'for' && !isCount(word)) throw new FaultLineError(line);
    fault[field] = field === 'for' ? Number(word) : word;
  }
  return fault as unknown as Fault;
}

const isCount = (word: string): boolean => /^\d{1,9}$/.test(word);

/** When nothing of it is left but what it has done. */
export const endOf = (fault: Fault): number => fault.at + ('for' in fault ? fault.for : 0);
