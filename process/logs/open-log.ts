import { type DestinationStream, destination, type Logger, multistream, pino } from 'pino';
import { logCopyDescriptor } from './log-copy.js';

/**
 * The log of a process: JSON lines on standard output, written before the call returns, so that the
 * last line of a process that dies is there to be read.
 */
export function openLog(fields: Readonly<Record<string, string>>): Logger {
  return pino(
    {
      base: { ...fields, pid: process.pid },
      level: process.env.LOCKSTEP_LOG_LEVEL ?? 'info',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    destinations(),
  );
}

function destinations(): DestinationStream {
  const own = destination({ dest: 1, sync: true });
  const copy = logCopyDescriptor(process.env);
  if (copy === null) return own;
  // The logger itself decides which lines there are.
  const level = 'trace';
  const streams = [own, destination({ dest: copy, sync: true })];
  return multistream(streams.map((stream) => ({ stream, level })));
}
