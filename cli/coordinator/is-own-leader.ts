import { hostname } from 'node:os';

/**
 * Whether a coordinator that says in the log that it leads is a process of this command.
 *
 * @param name what it calls itself: "coordinator, pid 7 on host"
 */
export const isOwnLeader = (
  name: string,
  pids: readonly number[],
  host: string = hostname(),
): boolean => pids.some((pid) => name.endsWith(`, pid ${pid} on ${host}`));
