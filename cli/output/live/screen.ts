/**
 * Some lines at the bottom of a terminal that are redrawn in place, under whatever is written above them.
 * The cursor rests at the end of the last one.
 */
import { visibleWidth } from './look.js';

export interface Terminal {
  /** 0 where nobody has given it a size: one of `docker run -t`, or of `script` in a pipeline. */
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

const usual = { columns: 80, rows: 24 };

export class Screen {
  readonly #terminal: Terminal;
  readonly #rewraps: boolean;
  /** As they stand there. */
  #drawn: readonly string[] = [];

  /** @param rewraps see look.ts */
  constructor(terminal: Terminal, rewraps = true) {
    this.#terminal = terminal;
    this.#rewraps = rewraps;
  }

  get columns(): number {
    return this.#terminal.columns || usual.columns;
  }

  get rows(): number {
    return this.#terminal.rows || usual.rows;
  }

  /** `above` scrolls away, `lines` stay; all of it in one write, so that nothing flickers. */
  draw(lines: readonly string[], above = ''): void {
    const said = above === '' ? '' : `${above}\n`;
    this.#terminal.write(`${this.#erasing()}${said}${lines.join('\n')}`);
    this.#drawn = lines;
  }

  /** The lines stay where they are; whatever comes next begins on a new one. */
  leave(): void {
    if (this.#drawn.length > 0) this.#terminal.write('\n');
    this.#drawn = [];
  }

  /**
   * A terminal that was made narrower has wrapped the lines meanwhile, so they stand on more rows now, or has cut them off:
   * going up further would erase what happened before. What has scrolled off its top cannot be reached.
   */
  #erasing(): string {
    if (this.#drawn.length === 0) return '';
    const { columns } = this;
    const rowsOf = (line: string): number =>
      this.#rewraps ? Math.max(1, Math.ceil(visibleWidth(line) / columns)) : 1;
    const rows = this.#drawn.reduce((sum, line) => sum + rowsOf(line), 0);
    const up = Math.min(rows, this.rows) - 1;
    return `\r${up > 0 ? `\u001b[${up}A` : ''}\u001b[J`;
  }
}
