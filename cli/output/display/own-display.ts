import { type Display, openDisplay } from './display.js';

/** The display of this process's own streams. */
export const openOwnDisplay = (json: boolean): Display =>
  openDisplay({
    json,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    now: () => performance.now(),
  });
