/** The end of the log of a process, asked for when somebody looks. */
import { askLog, askLogs } from './client.js';
import { h, show } from './dom.js';
import { section } from './parts.js';

const askEvery = 2000;

export class LogView {
  readonly element: HTMLElement;
  readonly #id: string;
  readonly #select = h('select', {
    'aria-label': 'process',
    change: () => void this.#read(),
  }) as HTMLSelectElement;
  readonly #text = h('pre.log', { tabindex: 0, 'aria-label': 'end of the log' });
  readonly #details: HTMLDetailsElement;
  #timer = 0;

  constructor(id: string) {
    this.#id = id;
    this.#details = h(
      'details',
      { toggle: () => void this.#open() },
      h('summary', {}, 'Show'),
      this.#select,
      this.#text,
    ) as HTMLDetailsElement;
    this.element = section('Logs', this.#details);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #open(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#details.open) return;
    const names = await askLogs(this.#id);
    const chosen = this.#select.value;
    show(
      this.#select,
      ...names.map((name) => h('option', { value: name, selected: name === chosen }, name)),
    );
    if (names.length === 0) return show(this.#text, 'No log is kept where this server reads.');
    await this.#read();
    this.#timer = window.setInterval(() => void this.#read(), askEvery);
  }

  async #read(): Promise<void> {
    const lines = await askLog(this.#id, this.#select.value).catch((error: Error) => [
      error.message,
    ]);
    const isAtEnd = this.#text.scrollTop + this.#text.clientHeight >= this.#text.scrollHeight - 8;
    show(this.#text, lines.map(readable).join('\n'));
    if (isAtEnd) this.#text.scrollTop = this.#text.scrollHeight;
  }
}

/** Lines are JSON: time, level and message are what people read. */
function readable(line: string): string {
  try {
    const { time, level, msg, process: _, pid: __, hostname: ___, ...rest } = JSON.parse(line);
    const more = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
    return `${String(time).slice(11, 23)} ${String(level).padEnd(5)} ${msg}${more}`;
  } catch {
    return line;
  }
}
