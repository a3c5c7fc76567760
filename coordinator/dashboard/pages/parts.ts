/** Pieces that several pages are made of. */
import type { RunPhase, RunSummary } from '../data/api.js';
import { duration, number } from '../data/words.js';
import { h } from './dom.js';

/** Whoever has said nothing for so long may be gone: a killed run cannot say so. */
const silentAfter = 60_000;

const phaseWords: Readonly<Record<RunPhase, string>> = {
  waiting: 'waiting',
  training: 'training',
  paused: 'paused',
  evaluating: 'evaluating',
  finished: 'finished',
  stopped: 'stopped',
  failed: 'failed',
};

export function badge({ changedAt, phase }: Pick<RunSummary, 'changedAt' | 'phase'>): HTMLElement {
  const isOver = phase === 'finished' || phase === 'stopped' || phase === 'failed';
  const isSilent =
    !isOver &&
    phase !== 'paused' &&
    changedAt !== null &&
    Date.now() - Date.parse(changedAt) > silentAfter;
  const text = isSilent
    ? `silent for ${duration((Date.now() - Date.parse(changedAt)) / 1000)}`
    : phaseWords[phase];
  return h(`span.badge.${isSilent ? 'silent' : phase}`, {}, text);
}

export function progress(done: number, total: number): HTMLElement {
  const share = total === 0 ? 0 : Math.min(1, done / total);
  return h(
    'div.progress',
    {},
    h('progress', { max: 1, value: share, 'aria-label': 'steps' }),
    h('span', {}, `${number(done)} of ${total === 0 ? '–' : number(total)}`),
  );
}

export const figure = (
  label: string,
): { readonly element: HTMLElement; readonly value: HTMLElement } => {
  const value = h('dd', {}, '–');
  return { element: h('div.figure', {}, h('dt', {}, label), value), value };
};

export const section = (title: string, ...children: readonly (Node | null)[]): HTMLElement =>
  h('section.panel', { 'aria-label': title }, h('h2', {}, title), ...children);

/** What is wider than a screen scrolls by itself, by keys too. */
export const scrolling = (label: string, table: Node): HTMLElement =>
  h('div.scroll', { tabindex: 0, role: 'group', 'aria-label': label }, table);
