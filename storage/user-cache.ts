import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/**
 * Where this user's programs keep what they can make again: `LOCKSTEP_CACHE`, or else the place of
 * the XDG base directory specification. A relative path there is to be ignored, it says.
 */
export function userCache(environment: NodeJS.ProcessEnv = process.env): string {
  const { LOCKSTEP_CACHE: own, XDG_CACHE_HOME: common } = environment;
  if (own !== undefined && isAbsolute(own)) return own;
  const base = common !== undefined && isAbsolute(common) ? common : join(home(), '.cache');
  return join(base, 'lockstep');
}

/** A user without a name, as containers have, may have no home either. */
function home(): string {
  try {
    return homedir();
  } catch {
    return join(tmpdir(), `lockstep-${process.getuid?.() ?? 'user'}`);
  }
}
