import type { Clock } from '../../shared/clock.js';
import { renderingInterval } from '../../shared/limits.js';
import type { Millis } from '../../shared/units.js';

/**
 * A text that is expensive to make and that many may ask for: all who wait get the same one, and a
 * new one is begun at most every `renderingInterval`. A failure is not kept.
 */
export class SharedRendering {
  readonly #render: () => Promise<string>;
  readonly #clock: Clock;
  #latest: { readonly begunAt: Millis; readonly text: Promise<string> } | null = null;

  constructor(render: () => Promise<string>, clock: Clock) {
    this.#render = render;
    this.#clock = clock;
  }

  text(): Promise<string> {
    const now = this.#clock.now();
    if (this.#latest !== null && now - this.#latest.begunAt < renderingInterval) {
      return this.#latest.text;
    }
    const text = this.#render();
    const latest = { begunAt: now, text };
    this.#latest = latest;
    text.catch(() => {
      if (this.#latest === latest) this.#latest = null;
    });
    return text;
  }
}
