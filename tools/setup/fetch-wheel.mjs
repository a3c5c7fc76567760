import { runLines } from './command.mjs';
import { inRoot, python } from './paths.mjs';
import { StepFailedError } from './step-failed-error.mjs';

/** Whole and unfinished wheels, until they are installed. */
export const wheelFolder = inRoot('build/setup/wheels');

const program = inRoot('tools/setup/fetch_wheel.py');

/**
 * Fetches the first of `requirements` that pip's sources have, and goes on where an earlier try was
 * interrupted.
 *
 * @param environment what pip goes by besides the user's own settings
 * @returns the wheel's path
 * @throws StepFailedError
 */
export async function fetchWheel(
  requirements,
  say,
  { folder = wheelFolder, environment = {} } = {},
) {
  let path = null;
  await runLines('python', [python, program, folder, ...requirements], environment, (line) => {
    const event = parsed(line);
    if (event?.kind === 'wheel') path = event.path;
    if (event?.kind === 'absent') {
      throw new StepFailedError(
        `Cannot set up: pip's sources have no ${requirements.join(' or ')}`,
      );
    }
    const text = event === null ? null : progressText(event);
    if (text !== null) say(`setup: ${text}`);
  });
  return path;
}

function parsed(line) {
  try {
    return JSON.parse(line);
  } catch {
    // pip's own words, which the log has.
    return null;
  }
}

/** What to say of an event of fetch_wheel.py; null for nothing. */
export function progressText(event) {
  const of = (bytes) => `${Math.round(bytes / 1e6)} MB`;
  switch (event.kind) {
    case 'begins': {
      const size = event.total === null ? 'of unknown size' : `of ${of(event.total)}`;
      return event.done === 0
        ? `fetches ${event.name} ${size}`
        : `goes on with ${event.name}: has ${of(event.done)} ${size}`;
    }
    case 'fetched': {
      const rate = `${of(event.done)} at ${(event.rate / 1e6).toFixed(1)} MB/s`;
      if (event.total === null) return `fetched ${rate}`;
      const seconds = Math.ceil((event.total - event.done) / Math.max(event.rate, 1));
      return `fetched ${rate}: ${seconds} s left`;
    }
    default:
      return null;
  }
}
