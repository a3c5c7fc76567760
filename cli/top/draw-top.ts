/** The full-screen view of a run: a state and a terminal -> lines. Pure. */
import { cut } from '../output/live/cut.js';
import { drawLive } from '../output/live/draw-live.js';
import { fitting } from '../output/live/fitting.js';
import { type Look, painted } from '../output/live/look.js';
import { wrapped } from '../output/text/wrapped.js';
import type { TopState } from './top-state.js';

/** Rows that news have, where there are so many. */
const leastNews = 4;

/**
 * Exactly `rows` lines, of which the last one has the keys; for a snapshot, as many as there are, without it.
 */
export function drawTop(state: TopState, look: Look, snapshot = false): string[] {
  const { columns, rows } = look;
  const head = [cut(heading(state, look), columns), ''];
  const room = snapshot ? Number.POSITIVE_INFINITY : rows - head.length - 1;
  const spared = Math.min(leastNews, state.news.length) + 1;
  const live = drawLive(state.live, {
    ...look,
    rows: snapshot ? 1000 : Math.max(1, room - spared),
  });
  const left = room - live.length - 1;
  const told = state.news.flatMap((text) => newsLines(text, columns));
  const news = left > 0 ? told.slice(snapshot ? -10 : -left) : [];
  const body = [...head, ...live, ...(news.length > 0 ? ['', ...news] : [])];
  const lines = body.map((line) => cut(line, columns));
  if (snapshot) return lines;
  const shown = lines.slice(0, rows - 1);
  const empty = Array.from({ length: Math.max(0, rows - 1 - shown.length) }, () => '');
  return [...shown, ...empty, cut(footer(state), columns)].slice(-rows);
}

/** Below the time of the first line, the others have nothing. */
function newsLines(text: string, columns: number): string[] {
  const indent = ' '.repeat('03:04:05 '.length);
  return wrapped(text, columns - indent.length).map((line, i) => (i === 0 ? line : indent + line));
}

function heading({ end, live, title }: TopState, look: Look): string {
  const { committedSteps, totalSteps } = live;
  const now = end === null ? `step ${committedSteps} of ${totalSteps}` : (end.split(':')[0] ?? end);
  return fitting([painted(title, 'cyan', look), now], look.columns);
}

const footer = ({ end }: TopState): string =>
  end === null ? 'q leaves this view; the run goes on' : 'q leaves this view; the run is over';
