/** What the model expects next: of a user of the dataset, or of a history that somebody types. */
import type { Recommendations } from '../data/api.js';
import { number } from '../data/words.js';
import { askRecommendations } from './client.js';
import { h, setText, show } from './dom.js';
import { section } from './parts.js';

export class RecommendView {
  readonly element: HTMLElement;
  readonly #id: string;
  readonly #history = h('input', {
    type: 'text',
    size: 40,
    placeholder: 'Star Wars, Alien',
  }) as HTMLInputElement;
  readonly #user = h('input', { type: 'text', size: 12 }) as HTMLInputElement;
  readonly #said = h('p', { role: 'status' });
  readonly #list = h('ol.recommended');
  #asked = 0;

  constructor(id: string) {
    this.#id = id;
    const ask = (event: Event): void => {
      event.preventDefault();
      void this.#ask();
    };
    const form = h(
      'form.controls',
      { submit: ask },
      h('label', {}, 'Whoever has seen ', this.#history),
      h('label', {}, 'or the user ', this.#user),
      h('button', { type: 'submit' }, 'What comes next?'),
    );
    this.element = section('Recommendations', form, this.#said, this.#list);
  }

  async #ask(): Promise<void> {
    const [history, user] = [this.#history.value.trim(), this.#user.value.trim()];
    if ((history === '') === (user === '')) {
      return setText(this.#said, 'Give a history of titles or ids with commas between, or a user.');
    }
    const asked = ++this.#asked;
    setText(this.#said, 'The model is asked, which takes some seconds …');
    show(this.#list);
    try {
      const answer = await askRecommendations(this.#id, user === '' ? { history } : { user });
      if (asked === this.#asked) this.#show(answer);
    } catch (error) {
      if (asked === this.#asked) setText(this.#said, (error as Error).message);
    }
  }

  #show({ checkpoint, historyItems, items, rankedBy }: Recommendations): void {
    const step = checkpoint.split('/').at(-1) ?? '';
    setText(this.#said, `After ${historyItems} items, by ${rankedBy}, from ${step}:`);
    show(
      this.#list,
      ...items.map(({ item, score, title }) =>
        h('li', {}, `${title ?? item} `, h('span.quiet', {}, number(score))),
      ),
    );
  }
}
