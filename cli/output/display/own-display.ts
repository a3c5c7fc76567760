import type { Display } from './display.js';
import { openDisplay } from './open-display.js';
import { PlainDisplay } from './plain-display.js';
import { TerminalDisplay } from './terminal-display.js';

/** What was passed over is drawn so soon. */
const refreshMs = 250;

let shown: TerminalDisplay | null = null;

/** The display of this process's own streams. */
export function openOwnDisplay(json: boolean): Display {
  const display = openDisplay({
    json,
    stdout: process.stdout,
    stderr: process.stderr,
    environment: process.env,
    folder: process.cwd(),
    now: () => performance.now(),
  });
  if (display instanceof TerminalDisplay) watchTerminal(display);
  if (display instanceof PlainDisplay) setInterval(() => display.refresh(), refreshMs).unref();
  return display;
}

function watchTerminal(display: TerminalDisplay): void {
  shown = display;
  setInterval(() => display.refresh(), refreshMs).unref();
  process.stdout.on('resize', () => display.redraw());
  // After Ctrl-Z and fg the shell has written where the view was.
  process.on('SIGCONT', () => display.anew());
}

/** Whoever writes an error past the display does so below it, and not on its last line. */
export const leaveOwnDisplay = (): void => shown?.leave();
