/**
 * Where a run shows itself: a view that is redrawn on a terminal, plain lines at a bounded rate elsewhere,
 * JSON lines for machines.
 */
import type { Display, DisplayParts } from './display.js';
import { JsonDisplay } from './json-display.js';
import { PlainDisplay } from './plain-display.js';
import { TerminalDisplay } from './terminal-display.js';

export function openDisplay(parts: DisplayParts): Display {
  if (parts.json) return new JsonDisplay(parts);
  // A dumb terminal cannot go back to the begin of its line.
  const redraws = parts.stdout.isTTY && parts.environment.TERM !== 'dumb';
  return redraws ? new TerminalDisplay(parts) : new PlainDisplay(parts);
}
