/**
 * A terminal's other screen, which leaves no trace on the usual one. Whoever opens it closes it, and the end
 * of the process does so too: a hidden cursor would stay hidden.
 */
import type { Terminal } from '../output/live/screen.js';

const enter = '\u001b[?1049h\u001b[?25l';
const leave = '\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const toEndOfLine = '\u001b[K';
const toEndOfScreen = '\u001b[J';

/** Where keys come from: a terminal, or something that has none. */
export interface Keys {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
  on(event: 'data', listener: (data: Buffer | string) => void): unknown;
  off(event: 'data', listener: (data: Buffer | string) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

/** q, Q, Ctrl-C, Ctrl-D. */
const leavingKeys: readonly string[] = ['q', 'Q', '\u0003', '\u0004'];

export class FullScreen {
  readonly #terminal: Terminal;
  readonly #keys: Keys;
  readonly #onData: (data: Buffer | string) => void;
  readonly #onExit = (): void => this.close();
  #isOpen = false;

  /** @param onLeave a key was pressed that leaves the view */
  constructor(terminal: Terminal, keys: Keys, onLeave: () => void) {
    this.#terminal = terminal;
    this.#keys = keys;
    this.#onData = (data) => {
      if ([...data.toString()].some((key) => leavingKeys.includes(key))) onLeave();
    };
  }

  open(): void {
    this.#isOpen = true;
    process.once('exit', this.#onExit);
    this.#terminal.write(enter);
    if (this.#keys.isTTY !== true) return;
    this.#keys.setRawMode?.(true);
    this.#keys.on('data', this.#onData);
    this.#keys.resume();
  }

  /** No line may be wider than the terminal, and there may be no more than it has rows. */
  draw(lines: readonly string[]): void {
    if (!this.#isOpen) return;
    const text = lines.map((line) => `${line}${toEndOfLine}`).join('\r\n');
    this.#terminal.write(`${home}${text}${toEndOfScreen}`);
  }

  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    process.off('exit', this.#onExit);
    if (this.#keys.isTTY === true) {
      this.#keys.off('data', this.#onData);
      this.#keys.setRawMode?.(false);
      this.#keys.pause();
    }
    this.#terminal.write(leave);
  }
}
