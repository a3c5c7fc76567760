/** A row for each member: where its time goes, and whom the others wait for. Pure. */

import { busyOf, waitedFor, waitShare, wholeOf } from '../../../shared/history/waited-for.js';
import { fitting } from './fitting.js';
import type { MemberTimes } from './live-state.js';
import { type Colour, type Look, painted } from './look.js';

interface Part {
  readonly letter: string;
  readonly name: string;
  readonly colour: Colour;
  /** Phases of a step that are one part of a row. */
  readonly phases: readonly string[];
}

/** In the order of a step, but that what is waited for comes last. */
const parts: readonly Part[] = [
  { letter: 'p', name: 'plan', colour: 'grey', phases: ['plan'] },
  { letter: 'e', name: 'encode', colour: 'green', phases: ['encode'] },
  { letter: 'u', name: 'users', colour: 'cyan', phases: ['users'] },
  { letter: 'i', name: 'items', colour: 'blue', phases: ['items'] },
  { letter: 'o', name: 'optimizer', colour: 'magenta', phases: ['optimizer'] },
  // What peers are waited for is a part of these, and stands by itself.
  { letter: 'x', name: 'exchange', colour: 'yellow', phases: ['gather', 'scatter', 'reduce'] },
];

const secondsOf = ({ phases }: Part, { phaseSeconds }: MemberTimes): number =>
  phases.reduce((sum, phase) => sum + (phaseSeconds[phase] ?? 0), 0);

/** Members that have no times yet have their name alone. @param most rows */
export function memberRows(
  members: readonly string[],
  times: readonly MemberTimes[],
  look: Look,
  most: number,
): string[] {
  if (most <= 0 || members.length === 0) return [];
  const room = members.length > most ? Math.max(0, most - 1) : members.length;
  const shown = shownMembers(members, times, room);
  const hidden = members.length - shown.length;
  const slow = waitedFor(times)?.worker ?? null;
  const whole = Math.max(0, ...times.map(wholeOf));
  const nameWidth = Math.min(
    Math.max(...shown.map((name) => name.length), 0),
    Math.max(8, Math.floor(look.columns * 0.3)),
  );
  const rows = shown.map((name) => {
    const of = times.find(({ worker }) => worker === name) ?? null;
    return memberRow({ name, of, nameWidth, whole, isSlow: name === slow }, look);
  });
  const hasLegend = times.length > 0 && most > members.length && barWidth(nameWidth, look) > 0;
  const more = hidden === 0 ? [] : [`and ${hidden} more`];
  return [...rows, ...more, ...(hasLegend ? [legend(look)] : [])];
}

/** Where not all have room, those that do most stay: the others wait for one of them. */
function shownMembers(
  members: readonly string[],
  times: readonly MemberTimes[],
  room: number,
): readonly string[] {
  if (members.length <= room) return members;
  const busy = new Map(times.map((of) => [of.worker, busyOf(of)]));
  const kept = new Set(
    [...members].sort((a, b) => (busy.get(b) ?? 0) - (busy.get(a) ?? 0)).slice(0, room),
  );
  return members.filter((name) => kept.has(name));
}

interface RowParts {
  readonly name: string;
  readonly of: MemberTimes | null;
  readonly nameWidth: number;
  /** Seconds that fill the bar. */
  readonly whole: number;
  readonly isSlow: boolean;
}

function memberRow({ name, of, nameWidth, whole, isSlow }: RowParts, look: Look): string {
  const { unicode } = look;
  const named = shortened(name, nameWidth, unicode).padEnd(nameWidth);
  if (of === null) return named.trimEnd();
  const isNarrow = look.columns < narrow;
  const count = `${String(of.lanes).padStart(3)} ${of.lanes === 1 ? 'lane ' : 'lanes'}`;
  const percent = `${String(Math.round(waitShare(of) * 100)).padStart(3)}%`;
  const width = barWidth(nameWidth, look);
  const bar = width === 0 ? '' : `  ${phaseBar(of, whole, width, look)}`;
  const mark = `  ${unicode ? '◀' : '<'}${isNarrow ? '' : ' waited for'}`;
  return (
    `${named}${isNarrow ? '' : `  ${count}`}${bar}${isNarrow ? ' ' : '  waits'}${percent}` +
    (isSlow ? painted(mark, 'red', look) : '')
  );
}

/** Below it, rows have neither lanes nor words. */
const narrow = 60;

/** What the rest of a row leaves; 0 where that is too little to see anything. */
function barWidth(nameWidth: number, { columns }: Look): number {
  const others =
    columns < narrow
      ? '  '.length + '  12%'.length + '  <'.length
      : '   12 lanes  '.length + '  waits 12%'.length + '  < waited for'.length;
  const room = Math.min(40, columns - nameWidth - others);
  return room < 6 ? 0 : room;
}

/** Each letter is the same time in every row. */
function phaseBar(of: MemberTimes, whole: number, width: number, look: Look): string {
  const perCell = whole / width;
  if (perCell <= 0) return ' '.repeat(width);
  let text = '';
  let drawn = 0;
  let seconds = 0;
  const exchangeWaits = of.waitSeconds;
  const segments = parts.map((part) => ({
    part,
    seconds:
      part.letter === 'x' ? Math.max(0, secondsOf(part, of) - exchangeWaits) : secondsOf(part, of),
  }));
  // Borders are rounded and not lengths, so that errors do not add up.
  for (const { part, seconds: own } of segments) {
    seconds += own;
    const until = Math.min(width, Math.round(seconds / perCell));
    text += painted(part.letter.repeat(Math.max(0, until - drawn)), part.colour, look);
    drawn = Math.max(drawn, until);
  }
  const until = Math.min(width, Math.round(wholeOf(of) / perCell));
  const dot = look.unicode ? '·' : '.';
  return `${text}${dot.repeat(Math.max(0, until - drawn))}${' '.repeat(width - Math.max(drawn, until))}`;
}

function legend(look: Look): string {
  const isNarrow = look.columns < narrow;
  const all = [
    ...parts,
    { letter: look.unicode ? '·' : '.', name: 'waits', colour: 'grey' } as const,
  ];
  // Those that fill most of a row.
  const most = all.filter(({ letter }) => !isNarrow || !['p', 'o'].includes(letter));
  return fitting(
    most.map(({ colour, letter, name }) => {
      const short = isNarrow && name === 'exchange' ? 'exch' : name;
      return `${painted(letter, colour, look)} ${short}`;
    }),
    look.columns,
    isNarrow ? ' ' : '  ',
  );
}

const shortened = (name: string, width: number, unicode: boolean): string =>
  name.length <= width ? name : `${name.slice(0, width - 1)}${unicode ? '…' : '~'}`;
