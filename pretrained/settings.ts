/** Reads settings one by one, and knows at the end which of them nobody has read. */
import { UnsupportedError } from './pretrained-error.js';

export class Settings {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #where: string;
  readonly #read = new Set<string>();

  /** @param where the file, or the place in it, for messages. */
  constructor(values: Iterable<readonly [string, unknown]>, where: string) {
    this.#values = new Map(values);
    this.#where = where;
  }

  /** Undefined where it is not given, or null. */
  value(name: string): unknown {
    this.#read.add(name);
    return this.#values.get(name) ?? undefined;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** @param otherwise where it is not given; without it, the setting is needed. */
  integer(name: string, otherwise?: number): number {
    const value = this.value(name) ?? otherwise;
    if (Number.isSafeInteger(value) && (value as number) >= 1) return value as number;
    throw this.wrong(name, 'a positive integer');
  }

  /** Of what there is one each: more of them than `most` are none that a file has. */
  count(name: string, most: number): number {
    const value = this.integer(name);
    if (value <= most) return value;
    throw this.wrong(name, `at most ${most}`);
  }

  positive(name: string, otherwise?: number): number {
    const value = this.value(name) ?? otherwise;
    if (typeof value === 'number' && Number.isFinite(value) && value > 0) return value;
    throw this.wrong(name, 'a positive number');
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.value(name) ?? otherwise;
    if (typeof value === 'boolean') return value;
    throw this.wrong(name, 'true or false');
  }

  /** A setting that is known and has one value that can be computed. */
  require(name: string, only: unknown): void {
    const value = this.value(name);
    if (value !== undefined && value !== only) throw this.wrong(name, JSON.stringify(only));
  }

  ignore(names: Iterable<string>): void {
    for (const name of names) this.#read.add(name);
  }

  /** @throws UnsupportedError naming what is given and was not read. */
  finish(): void {
    const unread = [...this.#values].find(
      ([name, value]) => !this.#read.has(name) && value !== null,
    );
    if (unread === undefined) return;
    const [name, value] = unread;
    throw new UnsupportedError(
      `${this.#where}: the setting "${name}" (${printed(value)}) is not known, and may change what the model computes`,
    );
  }

  wrong(name: string, rule: string): UnsupportedError {
    const value = this.#values.get(name);
    const is = value === undefined ? 'is missing' : `is ${printed(value)}`;
    return new UnsupportedError(`${this.#where}: "${name}" ${is}: it must be ${rule}`);
  }
}

const longestPrinted = 80;

function printed(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > longestPrinted ? `${text.slice(0, longestPrinted)}...` : text;
}
