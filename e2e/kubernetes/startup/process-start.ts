import type { LaunchedJob } from '../scene.js';

/** Of a pod's first process, in milliseconds of wall clock, to a hundredth of a second. */
export async function processStart(job: LaunchedJob, pod: string): Promise<number> {
  const words = ['exec', pod, '--', 'sh', '-c', 'cat /proc/1/stat /proc/uptime && date +%s.%N'];
  return startOf(await job.kubectl(...words));
}

/** proc(5): the 22nd field of stat is in hundredths of a second since the machine began. */
export function startOf(text: string): number {
  const [stat = '', uptime = '', now = ''] = text.trim().split('\n');
  // The second field is a name in parentheses, which may hold blanks.
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  const age = Number.parseFloat(uptime) - ticks / 100;
  return (Number(now) - age) * 1000;
}
