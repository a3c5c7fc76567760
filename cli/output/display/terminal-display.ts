/** The live view at the bottom of a terminal; what happens once scrolls above it. */
import type { ShownEvent } from '../../../shared/history/shown-event.js';
import { drawLive } from '../live/draw-live.js';
import { LiveState } from '../live/live-state.js';
import { type Look, rewraps, showsUnicode } from '../live/look.js';
import { Screen } from '../live/screen.js';
import { paints } from '../text/paints.js';
import type { Display, DisplayParts } from './display.js';
import { sentence } from './sentence.js';

/** A screen that is redrawn more often cannot be read. */
const redrawMs = 100;

/** Events that come so often that most of them need not be drawn. */
const frequent: ReadonlySet<ShownEvent['kind']> = new Set(['committed', 'evaluating', 'encoding']);

export class TerminalDisplay implements Display {
  readonly #parts: DisplayParts;
  readonly #screen: Screen;
  readonly #state = new LiveState();
  readonly #colour: boolean;
  readonly #unicode: boolean;
  #drawnAt = Number.NEGATIVE_INFINITY;
  #isStale = false;
  /** There is something to show, and it has not been left yet. */
  #isOpen = false;

  constructor(parts: DisplayParts) {
    this.#parts = parts;
    this.#screen = new Screen(parts.stdout, rewraps(parts.environment));
    this.#colour = paints(parts.stdout, parts.environment);
    this.#unicode = showsUnicode(parts.environment);
  }

  note(text: string): void {
    this.#draw(text);
  }

  event(event: ShownEvent): void {
    this.#state.take(event);
    const said = sentence(event, this.#parts.folder);
    if (said === null && !this.#shows(event)) return;
    this.#isOpen = true;
    if (event.kind === 'finished' || event.kind === 'failed') this.leave();
    else this.#draw(said ?? '');
  }

  /** Draws what was passed over, where time has come for it. */
  refresh(): void {
    if (this.#isOpen && this.#isStale) this.#draw();
  }

  /** The terminal has another size. */
  redraw(): void {
    if (this.#isOpen) this.#draw();
  }

  /** Something else has written on the terminal: the view begins again below it. */
  anew(): void {
    this.#screen.leave();
    this.redraw();
  }

  result(_result: object, text: string): void {
    this.leave();
    this.#parts.stdout.write(`${text}\n`);
  }

  failure(text: string): void {
    this.leave();
    this.#parts.stderr.write(`${this.#colour ? `\u001b[31m${text}\u001b[39m` : text}\n`);
  }

  /** The view stays where it is, up to date; what is written next begins on a line of its own. */
  leave(): void {
    if (!this.#isOpen) return;
    if (this.#isStale) this.#draw();
    this.#isOpen = false;
    this.#screen.leave();
  }

  /** Whether it is time to draw an event of which nothing is said. */
  #shows(event: ShownEvent): boolean {
    this.#isStale = true;
    return !frequent.has(event.kind) || this.#parts.now() - this.#drawnAt >= redrawMs;
  }

  #draw(above = ''): void {
    this.#drawnAt = this.#parts.now();
    this.#isStale = false;
    this.#screen.draw(this.#isOpen ? drawLive(this.#state, this.#look()) : [], above);
  }

  /** The view has at most half of the screen: what happened before is worth as much. */
  #look(): Look {
    const { columns, rows } = this.#screen;
    return {
      columns: columns - 1,
      rows: Math.max(1, Math.floor(rows / 2)),
      colour: this.#colour,
      unicode: this.#unicode,
    };
  }
}
