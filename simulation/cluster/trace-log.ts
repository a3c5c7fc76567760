import type { Log } from '../../shared/log.js';
import type { Cluster } from './cluster.js';

/** A process's log among the lines of a trace; nowhere where nobody reads along. */
export function traceLog(cluster: Cluster, name: string): Log {
  const line =
    (level: string) =>
    (fields: object, text: string): void => {
      if (!cluster.isTraced) return;
      const { stack: _, ...rest } = fields as { stack?: unknown };
      const known = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
      cluster.trace(`${name} ${level}: ${text}${known}`);
    };
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
}
