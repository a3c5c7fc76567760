/**
 * Who holds a folder, a name or a temporary file, said so that others can tell whether that process
 * still lives: a pid alone is soon another process's, and in containers everyone is pid 1.
 */
import { abandonedAfter } from '../limits.js';
import type { Millis } from '../units.js';

export interface Owner {
  readonly host: string;
  readonly pid: number;
  /** Of the running system since it was booted, 12 hexadecimal digits; null where it has none. */
  readonly boot: string | null;
  /** Pids mean something within one namespace only; null where the system does not say. */
  readonly pidNamespace: string | null;
  /** Clock ticks between the boot and the start of the process; null where nobody says. */
  readonly startTicks: string | null;
}

/** The process that has a pid now, in the namespace of whoever looks. */
export type ProcessSeen =
  | { readonly kind: 'absent' }
  | { readonly kind: 'present'; readonly startTicks: string | null };

export type Liveness = 'alive' | 'dead' | 'unknown';

/**
 * Whether the owner lives, as far as that can be proven from here.
 *
 * @param here whoever looks.
 * @param seen the process that has the owner's pid here and now.
 */
export function judgeOwner(owner: Owner, here: Owner, seen: ProcessSeen): Liveness {
  if (!isComparable(owner, here)) return 'unknown';
  if (seen.kind === 'absent') return 'dead';
  if (owner.startTicks === null || seen.startTicks === null) return 'unknown';
  return owner.startTicks === seen.startTicks ? 'alive' : 'dead';
}

/** Whether the owner's pid means here what it meant there. */
function isComparable(owner: Owner, here: Owner): boolean {
  if (owner.boot === null || here.boot === null) {
    return owner.boot === here.boot && owner.host === here.host;
  }
  return (
    owner.boot === here.boot &&
    owner.pidNamespace !== null &&
    owner.pidNamespace === here.pidNamespace
  );
}

/**
 * Whether a temporary file or folder is nobody's any more.
 *
 * @param liveness of the process that its name tells; `unknown` where it tells none.
 * @param untouchedFor time since it was last changed.
 */
export const isAbandoned = (liveness: Liveness, untouchedFor: Millis): boolean =>
  liveness === 'dead' || (liveness === 'unknown' && untouchedFor >= abandonedAfter);

/** The owner as a part of a file's name; see `readOwnerTag`. */
export function ownerTag({ pid, startTicks, pidNamespace, boot }: Owner): string {
  const known = startTicks !== null && pidNamespace !== null && boot !== null;
  return known ? `p${pid}s${startTicks}n${pidNamespace}b${boot}` : `p${pid}`;
}

const tag = /\.p(\d+)s(\d+)n(\d+)b([0-9a-f]{12})\./;

/** The owner that a temporary name tells; null where it tells none that could be judged. */
export function readOwnerTag(name: string, host: string): Owner | null {
  const [, pid, startTicks, pidNamespace, boot] = tag.exec(name) ?? [];
  if (pid === undefined) return null;
  return {
    host,
    pid: Number(pid),
    boot: boot as string,
    pidNamespace: pidNamespace as string,
    startTicks: startTicks as string,
  };
}
