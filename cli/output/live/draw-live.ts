/** The live view of a run: a state and a terminal -> lines. Pure. */
import { compact, duration } from '../display/progress-line.js';
import { cut } from './cut.js';
import { fitting } from './fitting.js';
import type { LiveState } from './live-state.js';
import { type Look, painted } from './look.js';
import { memberRows } from './member-rows.js';
import { sparkline } from './sparkline.js';

/** What is counted while something other than a step is done. */
const things = { evaluating: 'users', encoding: 'items' } as const;

/**
 * At most `rows` lines, none longer than `columns`; the first ones matter most. Empty before there is
 * anything to show, and when the run is over and has trained nothing.
 */
export function drawLive(state: LiveState, look: Look): string[] {
  if (look.rows <= 0) return [];
  const head = [progressLine(state, look), lossLine(state, look), rateLine(state, look)].filter(
    (line) => line !== null,
  );
  const lines = head.slice(0, look.rows);
  lines.push(...memberRows(state.members, state.times, look, look.rows - lines.length));
  return lines.map((line) => cut(line, look.columns));
}

function progressLine(state: LiveState, look: Look): string {
  const { committedSteps, doing, rate, totalSteps } = state;
  if (doing.kind === 'waiting') return `waiting: ${doing.reason}`;
  if (doing.kind === 'evaluating' || doing.kind === 'encoding') {
    const { done, kind, total } = doing;
    const share = `${whole(done)}/${whole(total)} ${things[kind]}`;
    return `${bar(done, total, look)} ${kind} ${share}`;
  }
  const width = String(totalSteps).length;
  const percent = totalSteps === 0 ? 100 : Math.floor((100 * committedSteps) / totalSteps);
  // Where it stands, nobody knows when it goes on.
  const left =
    rate === null || doing.kind === 'paused'
      ? null
      : (totalSteps - committedSteps) * rate.secondsPerStep;
  return fitting(
    [
      `${bar(committedSteps, totalSteps, look)} step ${String(committedSteps).padStart(width)}/${totalSteps}`,
      `${percent}%`,
      ...(doing.kind === 'paused' ? [`paused by ${doing.by}`] : []),
      ...(left === null || left <= 0 ? [] : [`ETA ${duration(left)}`]),
      ...(state.last?.stage ? [state.last.stage] : []),
    ],
    look.columns,
  );
}

function lossLine({ last, losses }: LiveState, look: Look): string | null {
  if (last === null) return null;
  const { loss, measures } = last;
  const text = `loss ${loss.toFixed(4)}`;
  const { classification_loss: targets, generative_loss, live_negatives: negatives } = measures;
  const hasBoth = generative_loss !== undefined && targets !== undefined;
  const width = Math.min(losses.length, look.columns - text.length - 1);
  const line = losses.length < 2 ? '' : ` ${sparkline(losses, width, look.unicode)}`;
  return fitting(
    [
      `${text}${painted(line, 'cyan', look)}`,
      ...(hasBoth ? [`targets ${targets.toFixed(4)}`] : []),
      ...(negatives === undefined ? [] : [`${compact(negatives)} negatives`]),
    ],
    look.columns,
  );
}

function rateLine({ generation, members, rate, recoveries }: LiveState, look: Look): string | null {
  if (members.length === 0) return null;
  const workers = `${members.length} ${members.length === 1 ? 'worker' : 'workers'}`;
  const speed =
    rate === null
      ? []
      : [
          `${compact(rate.usersPerSecond)} users/s`,
          stepsText(rate.secondsPerStep),
          `${compact(rate.tokensPerSecond)} tokens/s`,
        ];
  return fitting(
    [
      ...speed,
      workers,
      ...(generation === null ? [] : [`generation ${generation}`]),
      ...(recoveries === 0
        ? []
        : [`${recoveries} ${recoveries === 1 ? 'recovery' : 'recoveries'}`]),
    ],
    look.columns,
  );
}

const whole = (count: number): string => (count < 10 ? String(count) : compact(count));

const stepsText = (secondsPerStep: number): string =>
  secondsPerStep < 1
    ? `${compact(1 / secondsPerStep)} steps/s`
    : `${secondsPerStep < 10 ? secondsPerStep.toFixed(1) : Math.round(secondsPerStep)} s/step`;

function bar(done: number, total: number, look: Look): string {
  const width = Math.max(6, Math.min(30, Math.floor(look.columns * 0.3)));
  const full = total <= 0 ? width : Math.min(width, Math.floor((done / total) * width));
  const [filled, empty] = look.unicode ? ['█', '░'] : ['#', '-'];
  return painted(`${filled?.repeat(full)}${empty?.repeat(width - full)}`, 'cyan', look);
}
