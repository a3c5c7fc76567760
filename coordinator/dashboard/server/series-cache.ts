/** Answers that many viewers ask for at the same time, made once for each change of a run. */

const answersMax = 64;

export class SeriesCache {
  readonly #answers = new Map<string, string>();

  /**
   * @param key what was asked, and the version of what it is asked of
   * @param make the answer, as JSON
   */
  text(key: string, make: () => string): string {
    const known = this.#answers.get(key);
    if (known !== undefined) return known;
    const text = make();
    this.#answers.set(key, text);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > answersMax && oldest !== undefined) this.#answers.delete(oldest);
    return text;
  }
}
