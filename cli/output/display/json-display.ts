/** JSON lines for machines; what is meant for people goes to standard error. */
import type { ShownEvent } from '../../../shared/history/shown-event.js';
import type { Display, DisplayParts } from './display.js';

export class JsonDisplay implements Display {
  readonly #parts: DisplayParts;

  constructor(parts: DisplayParts) {
    this.#parts = parts;
  }

  note(text: string): void {
    this.#parts.stderr.write(`${text}\n`);
  }

  event(_event: ShownEvent, line: object | null): void {
    if (line !== null) this.#write(line);
  }

  result(result: object): void {
    this.#write(result);
  }

  failure(text: string, json: object): void {
    this.note(text);
    this.#write(json);
  }

  #write(value: object): void {
    this.#parts.stdout.write(`${JSON.stringify(value)}\n`);
  }
}
