/** A run by its folder: the history that grows there while the run is trained on this machine. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { historyFileOf } from '../../../process/history/run-history.js';
import type { EndLine } from '../../../shared/history/history-line.js';
import { eventOf, isEnd, readLine } from '../../../shared/history/line-events.js';
import type { TopSource, Watcher } from './top-source.js';

const lookAgainMs = 250;

/** Of a longer history its beginning and its end are read: a million steps need not be shown. */
const headBytes = 256 * 1024;
const tailBytes = 4 * 1024 * 1024;

export function folderSource(folder: string): TopSource {
  const path = historyFileOf(folder);
  return {
    title: folder,
    readOnce: async (watcher) => new HistoryReader(path, watcher).read(),
    async follow(watcher, signal) {
      const reader = new HistoryReader(path, watcher);
      while (!signal.aborted) {
        reader.read();
        await sleep(lookAgainMs, undefined, { signal }).catch(() => undefined);
      }
    },
  };
}

export class HistoryReader {
  readonly #path: string;
  readonly #watcher: Watcher;
  #inode: number | null = null;
  /** Bytes that were read. */
  #at = 0;
  /** Of a line that is not whole yet. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string, watcher: Watcher) {
    this.#path = path;
    this.#watcher = watcher;
  }

  /** Tells what has come since it was called last. */
  read(): void {
    const file = openSync(this.#path, 'r');
    try {
      const { ino, size } = fstatSync(file);
      // Who goes on from a checkpoint takes back what came after it.
      if (this.#inode !== null && (ino !== this.#inode || size < this.#at)) this.#anew();
      this.#inode = ino;
      if (this.#at === 0 && size > headBytes + tailBytes) {
        this.#take(file, headBytes);
        this.#at = size - tailBytes;
        this.#rest = Buffer.alloc(0);
      }
      this.#take(file, size);
    } finally {
      closeSync(file);
    }
  }

  #anew(): void {
    this.#at = 0;
    this.#rest = Buffer.alloc(0);
    this.#watcher.onAnew();
  }

  #take(file: number, until: number): void {
    const bytes = Buffer.alloc(Math.max(0, until - this.#at));
    const read = readSync(file, bytes, 0, bytes.length, this.#at);
    this.#at += read;
    const all = Buffer.concat([this.#rest, bytes.subarray(0, read)]);
    const end = all.lastIndexOf(0x0a) + 1;
    this.#rest = all.subarray(end);
    // The half of a line in the middle of a long file is no line, and is passed over.
    for (const text of all.subarray(0, end).toString('utf8').split('\n')) this.#tell(text);
  }

  #tell(text: string): void {
    const line = text === '' ? null : readLine(text);
    if (line === null) return;
    if (isEnd(line)) this.#watcher.onEnd(endText(line), line.time);
    const event = eventOf(line);
    if (event !== null) this.#watcher.onEvent(event, line.time);
  }
}

function endText(line: EndLine): string {
  const after = `after step ${line.committed_steps}`;
  if (line.kind === 'failed') return `failed ${after}: ${line.message}`;
  return `${line.stopped ? 'stopped' : 'finished'} ${after}`;
}
