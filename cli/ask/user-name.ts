import { userInfo } from 'node:os';

/** Of whoever runs this process, for people; a container's user often has a number only. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
