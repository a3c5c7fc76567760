/** A terminal as a test sees it: what stands on its rows after all that was written. */
import { EventEmitter } from 'node:events';

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal obeys controls.
const sequence = /^\u001b\[(\??)(\d*)(?:;(\d*))?([A-Za-z])/;

export class FakeTerminal extends EventEmitter {
  readonly isTTY = true;
  readonly scrolled: string[] = [];
  showsCursor = true;
  /** The usual screen while a program has the other one. */
  #kept: { readonly lines: string[]; readonly row: number; readonly column: number } | null = null;
  #lines: string[];
  #row = 0;
  #column = 0;

  columns: number;
  rows: number;

  constructor(columns: number, rows: number) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.#lines = Array.from({ length: rows }, () => '');
  }

  /** Without trailing spaces and empty rows. */
  get text(): string {
    return this.#lines
      .map((line) => line.trimEnd())
      .join('\n')
      .trimEnd();
  }

  get isOther(): boolean {
    return this.#kept !== null;
  }

  write(text: string): true {
    let rest = text;
    while (rest !== '') {
      const found = sequence.exec(rest);
      if (found !== null) this.#obey(found);
      else this.#put(rest[0] ?? '');
      rest = rest.slice(found?.[0].length ?? 1);
    }
    return true;
  }

  #obey([, mode, first, , name]: readonly (string | undefined)[]): void {
    const number = Number(first || 1);
    if (name === 'A') this.#row = Math.max(0, this.#row - number);
    if (name === 'H') [this.#row, this.#column] = [0, 0];
    if (name === 'J') {
      this.#lines[this.#row] = this.#line.slice(0, this.#column);
      this.#lines.fill('', this.#row + 1);
    }
    if (name === 'K') this.#lines[this.#row] = this.#line.slice(0, this.#column);
    if (mode === '?' && number === 25) this.showsCursor = name === 'h';
    if (mode === '?' && number === 1049) this.#swap(name === 'h');
  }

  #swap(toOther: boolean): void {
    if (toOther) {
      this.#kept = { lines: this.#lines, row: this.#row, column: this.#column };
      this.#lines = Array.from({ length: this.rows }, () => '');
    } else if (this.#kept !== null) {
      ({ lines: this.#lines, row: this.#row, column: this.#column } = this.#kept);
      this.#kept = null;
    }
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0;
    else if (character === '\n') this.#newLine();
    else {
      if (this.#column >= this.columns) this.#newLine();
      this.#lines[this.#row] =
        `${this.#line.slice(0, this.#column).padEnd(this.#column)}${character}${this.#line.slice(this.#column + 1)}`;
      this.#column++;
    }
  }

  /** As the system's driver has it: a line break also goes back to the begin of the line. */
  #newLine(): void {
    this.#column = 0;
    if (this.#row < this.rows - 1) this.#row++;
    else {
      this.scrolled.push(this.#lines.shift() ?? '');
      this.#lines.push('');
    }
  }

  get #line(): string {
    return this.#lines[this.#row] ?? '';
  }
}
