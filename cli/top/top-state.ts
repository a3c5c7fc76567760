/** What the full-screen view knows: the live state, and what happened lately. Reads no clock. */
import type { ShownEvent } from '../../shared/history/shown-event.js';
import { sentence } from '../output/display/sentence.js';
import { LiveState } from '../output/live/live-state.js';
import type { Watcher } from './source/top-source.js';

/** As many as the highest terminals have rows. */
const newsKept = 100;
/** As wide as the widest ones. */
const lossesKept = 300;

export class TopState implements Watcher {
  readonly title: string;
  live = new LiveState(lossesKept);
  /** How the run ended; null while it lasts. */
  end: string | null = null;
  /** What happened, the newest last. */
  news: string[] = [];
  readonly #folder: string;

  /** @param folder in which whoever reads it is */
  constructor(title: string, folder: string) {
    this.title = title;
    this.#folder = folder;
  }

  onEvent(event: ShownEvent, time: string): void {
    this.live.take(event);
    if (event.kind === 'started') this.end = null;
    const said = sentence(event, this.#folder);
    if (said !== null) this.#say(said, time);
  }

  onEnd(text: string, time: string): void {
    this.end = text;
    this.live.doing = { kind: 'over' };
    this.#say(text, time);
  }

  onAnew(): void {
    this.live = new LiveState(lossesKept);
    this.end = null;
    this.news = [];
  }

  /** The wall clock of the run, in UTC as in all that a run writes. */
  #say(text: string, time: string): void {
    this.news.push(`${time.slice(11, 19)} ${text}`);
    if (this.news.length > newsKept) this.news.shift();
  }
}
