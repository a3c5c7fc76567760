/** Lines out of pieces of a stream, whose ends fall anywhere. */
export class LineReader {
  readonly #longest: number;
  #rest = '';
  readonly #decoder = new TextDecoder();

  constructor(longest: number) {
    this.#longest = longest;
  }

  /**
   * @returns the lines that are complete now
   * @throws RangeError where one is longer than any object may be
   */
  read(piece: Uint8Array): string[] {
    const lines = (this.#rest + this.#decoder.decode(piece, { stream: true })).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > this.#longest) {
      throw new RangeError(`a line has more than ${this.#longest} characters`);
    }
    return lines.filter((line) => line !== '');
  }

  /** @returns what the stream ended with, where that was no line's end */
  end(): string[] {
    const last = this.#rest + this.#decoder.decode();
    this.#rest = '';
    return last === '' ? [] : [last];
  }
}
