import { destination, type Logger, pino } from 'pino';

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
    destination({ dest: 1, sync: true }),
  );
}
