/** CPU time of another process, of all its threads: from Linux's /proc. */
import { readFileSync } from 'node:fs';

/** The kernel's unit there, on all machines that Node runs on: `getconf CLK_TCK`. */
const ticksPerSecond = 100;

/** Of `/proc/<pid>/stat`: proc(5), fields 14 and 15. The command's name may hold anything, ")" too. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** @throws where the process is gone, or the machine has no /proc */
export const cpuSeconds = (pid: number): number =>
  cpuSecondsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
