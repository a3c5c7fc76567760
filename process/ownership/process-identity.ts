/** Who this process is, and who has a pid: from /proc where there is one. */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { judgeOwner, type Liveness, type Owner, type ProcessSeen } from '../../shared/run/owner.js';

let own: Owner | null = null;

/** This process. */
export function ownIdentity(): Owner {
  own ??= {
    host: hostname(),
    pid: process.pid,
    boot: bootOf(textOf('/proc/sys/kernel/random/boot_id')),
    pidNamespace: /^pid:\[(\d+)\]$/.exec(linkOf('/proc/self/ns/pid') ?? '')?.[1] ?? null,
    startTicks: readStat(textOf('/proc/self/stat'))?.startTicks ?? null,
  };
  return own;
}

/** Whether the owner lives, as far as that can be seen from this process. */
export const livenessOf = (owner: Owner): Liveness =>
  judgeOwner(owner, ownIdentity(), lookAt(owner.pid));

/** The process that has this pid in our namespace. */
export function lookAt(pid: number): ProcessSeen {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return { kind: 'absent' };
  }
  // A /proc of another namespace (mounted from outside) would describe another process.
  const stat = procIsOurs() ? readStat(textOf(`/proc/${pid}/stat`)) : null;
  if (stat?.ended) return { kind: 'absent' };
  return { kind: 'present', startTicks: stat?.startTicks ?? null };
}

const procIsOurs = (): boolean => linkOf('/proc/self') === String(process.pid);

const bootOf = (id: string | null): string | null =>
  /^[0-9a-f-]{36}\s*$/.test(id ?? '') ? (id as string).replaceAll('-', '').slice(0, 12) : null;

/** Of `/proc/<pid>/stat`: proc(5). The command's name may hold anything, ")" too. */
export function readStat(text: string | null): { startTicks: string; ended: boolean } | null {
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  if (startTicks === undefined || !/^\d+$/.test(startTicks)) return null;
  // A zombie has ended; it only waits for a parent that may never ask.
  return { startTicks, ended: state === 'Z' || state === 'X' };
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
