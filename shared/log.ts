/** Structured log of a process. Fields first, as in pino, which implements it. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

const nothing = (): void => undefined;

/** For tests that look elsewhere. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
