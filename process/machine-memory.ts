/** Readings of memory: Linux has them as files; elsewhere nothing is known. */
import { readFileSync } from 'node:fs';
import {
  availableMemory,
  memoryGroup,
  readOomKills,
  readResident,
} from '../shared/memory-words.js';
import type { Bytes } from '../shared/units.js';

/** How often the machine's kernel has killed a process for want of memory. */
export const oomKills = (): number | null => readOomKills(textOf('/proc/vmstat') ?? '');

/** What a process holds. */
export const residentMemory = (pid: number): Bytes | null =>
  readResident(textOf(`/proc/${pid}/status`) ?? '');

/** What this process may still take. */
export function freeMemory(): Bytes | null {
  const meminfo = textOf('/proc/meminfo');
  const group = memoryGroup(textOf('/proc/self/cgroup') ?? '');
  const names =
    group?.version === 2
      ? { root: '/sys/fs/cgroup', limit: 'memory.max', used: 'memory.current' }
      : {
          root: '/sys/fs/cgroup/memory',
          limit: 'memory.limit_in_bytes',
          used: 'memory.usage_in_bytes',
        };
  // Inside a container the group is mounted as the root, whatever its path is outside.
  const of = (name: string): string | null =>
    textOf(`${names.root}${group?.path ?? ''}/${name}`) ?? textOf(`${names.root}/${name}`);
  return availableMemory({
    meminfo,
    limit: of(names.limit),
    used: of(names.used),
    stat: of('memory.stat'),
  });
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
