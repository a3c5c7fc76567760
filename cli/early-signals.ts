/**
 * A command that is asked to end before it can do so in order ends at once: nothing has begun. As the first
 * process of a container it would not even hear of it otherwise: the system gives such a process no
 * signal that it does not handle.
 */
import { exitCodes } from '../shared/exit-codes.js';
import { leftLine } from './output/end/end-line.js';
import { keepLastWords } from './output/end/last-words.js';

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export interface EarlySignals {
  /** From here on somebody else listens. */
  close(): void;
}

export function endOnEarlySignals(say: (line: object) => void = () => undefined): EarlySignals {
  const end = (): void => {
    const line = leftLine(0, new Date().toISOString());
    say(line);
    keepLastWords(line);
    process.exit(exitCodes.stopped);
  };
  for (const signal of signals) process.on(signal, end);
  return {
    close() {
      for (const signal of signals) process.off(signal, end);
    },
  };
}
