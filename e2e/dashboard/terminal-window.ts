/**
 * A command on a terminal of its own, and the picture of it: `script` gives it a pseudo-terminal, xterm.js
 * draws in a browser what it wrote.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser } from 'playwright-core';
import { shellWord } from '../../cli/output/text/shell-word.js';

const size = { columns: 80, rows: 24 };

const require = createRequire(import.meta.url);
const asset = (path: string): string =>
  readFileSync(require.resolve(`@xterm/xterm/${path}`), 'utf8');

/** Inside the page: writes all of it, and is done when it stands on the screen. */
const draw = `(text) => new Promise((resolve) => {
  const terminal = new Terminal({
    cols: ${size.columns}, rows: ${size.rows}, fontSize: 15, cursorInactiveStyle: 'none', theme: { background: '#11161d' },
  });
  terminal.open(document.querySelector('main'));
  terminal.write(text, () => requestAnimationFrame(() => requestAnimationFrame(resolve)));
})`;

export class TerminalWindow {
  readonly process: ChildProcess;
  readonly end: Promise<void>;
  readonly #listeners = new Set<() => void>();
  #written = '';
  #hasEnded = false;

  /** @param folder in which it is started */
  constructor(words: readonly string[], folder: string) {
    const command = `stty cols ${size.columns} rows ${size.rows}; exec ${words.map(shellWord).join(' ')}`;
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      cwd: folder,
      env: { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8' },
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#written += text;
      for (const listener of this.#listeners) listener();
    });
    this.process = child;
    this.end = new Promise((resolve) => {
      child.on('close', () => {
        this.#hasEnded = true;
        for (const listener of this.#listeners) listener();
        resolve();
      });
    });
  }

  /** Resolves when what it has written is like this. @throws where it ends before */
  wrote(like: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = like.exec(this.#written);
        if (found === null && !this.#hasEnded) return;
        this.#listeners.delete(look);
        if (found === null) reject(new Error(`It ended before it wrote ${like}: ${this.#written}`));
        else resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }

  /** Ctrl-C, as a person types it. */
  interrupt(): void {
    this.process.stdin?.write('\u0003');
  }

  async picture(browser: Browser, path: string): Promise<void> {
    const page = await browser.newPage({ viewport: { width: 1000, height: 600 } });
    const style = `${asset('css/xterm.css')} main { display: inline-block; padding: 12px; background: #11161d }`;
    await page.setContent(`<style>${style}</style><main></main>`);
    await page.addScriptTag({ content: asset('lib/xterm.js') });
    await page.evaluate(`(${draw})(${JSON.stringify(this.#written)})`);
    await page.locator('main').screenshot({ path });
    await page.close();
  }
}
