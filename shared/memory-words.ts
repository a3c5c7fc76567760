/** What can be said about memory before it is gone, and after. Readings are arguments. */
import { type Bytes, bytes } from './units.js';

/** The settings of a job that take less memory, for messages. */
export const lessMemory =
  'engine.activations "layer" or "lane", fewer batch.sequences, more lanes, or fewer workers on ' +
  'one machine take less';

export const gibibytes = (size: Bytes): string => `${(size / 2 ** 30).toFixed(1)} GiB`;

/** The text of `/proc/vmstat` -> how often the kernel has killed for want of memory; null: unknown. */
export function readOomKills(vmstat: string): number | null {
  const found = /^oom_kill (\d+)$/m.exec(vmstat);
  return found === null ? null : Number(found[1]);
}

/** The text of `/proc/<pid>/status` -> the memory that the process holds; null where it says none. */
export function readResident(status: string): Bytes | null {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  return found === null ? null : bytes(Number(found[1]) * 1024);
}

/** Texts of what limits a process; null where the machine has no such file. */
export interface MemoryReadings {
  /** `/proc/meminfo` */
  readonly meminfo: string | null;
  /** Of the control group: memory.max or memory.limit_in_bytes. */
  readonly limit: string | null;
  /** memory.current or memory.usage_in_bytes. */
  readonly used: string | null;
  /** memory.stat: what of it is a cache of files that goes when it must. */
  readonly stat: string | null;
}

/** What a process may still take: of the machine, and of its control group where that has less. */
export function availableMemory({ meminfo, limit, used, stat }: MemoryReadings): Bytes | null {
  const machine = /^MemAvailable:\s+(\d+) kB$/m.exec(meminfo ?? '');
  const most = Number(limit?.trim());
  const now = Number(used?.trim());
  const cache = Number(/^(?:total_)?inactive_file (\d+)$/m.exec(stat ?? '')?.[1] ?? 0);
  const left = [
    ...(machine === null ? [] : [Number(machine[1]) * 1024]),
    // "max", and an absurdly large number in version 1, are no limits.
    ...(limit !== null && used !== null && Number.isFinite(most) ? [most - now + cache] : []),
  ];
  return left.length === 0 ? null : bytes(Math.max(0, Math.min(...left)));
}

/** The path of this process's control group for memory, in `/proc/self/cgroup`; null: none. */
export function memoryGroup(cgroup: string): { version: 1 | 2; path: string } | null {
  const lines = cgroup.split('\n').map((line) => line.split(':'));
  const first = lines.find(([, names]) => names?.split(',').includes('memory'));
  if (first !== undefined) return { version: 1, path: first.slice(2).join(':') };
  const second = lines.find(([id, names]) => id === '0' && names === '');
  return second === undefined ? null : { version: 2, path: second.slice(2).join(':') };
}

/** A line for the user where a step will need more than there is; null where it fits. */
export function memoryWarning(needed: Bytes, available: Bytes | null): string | null {
  if (available === null || needed <= available) return null;
  return (
    `a step needs at least ${gibibytes(needed)} of memory in each worker and ` +
    `${gibibytes(available)} are available: ${lessMemory}`
  );
}
