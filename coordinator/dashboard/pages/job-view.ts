/** What the job is, and the command that goes on with it. */
import type { RunAnswer } from '../data/api.js';
import { h, show } from './dom.js';
import { section } from './parts.js';

export class JobView {
  readonly element: HTMLElement;
  readonly #rows = h('dl.facts');
  readonly #job = h('pre.job', { tabindex: 0, 'aria-label': 'the job as it was resolved' });

  constructor() {
    this.element = section(
      'Job',
      this.#rows,
      h('details', {}, h('summary', {}, 'The whole job'), this.#job),
    );
  }

  set({ folder, job, state }: RunAnswer): void {
    const resume = state.end?.resume ?? null;
    const checkpoint = state.end?.kind === 'finished' ? state.end.checkpoint : null;
    const facts: readonly (readonly [string, string | null])[] = [
      ['run', state.run],
      ['job digest', state.jobSha256],
      ['folder', folder],
      ['checkpoint', checkpoint],
      ['weights', state.end?.kind === 'finished' ? state.end.weights_sha256 : null],
      ['go on with', resume],
      ['every step once?', folder === null ? null : `lockstep audit ${folder}`],
      [
        'versions',
        state.versions === null
          ? null
          : `lockstep ${state.versions.lockstep}, node ${state.versions.node}`,
      ],
    ];
    show(
      this.#rows,
      ...facts.flatMap(([name, value]) =>
        value === null || value === '' ? [] : [h('dt', {}, name), h('dd', {}, value)],
      ),
    );
    show(this.#job, job === null ? 'not known here' : JSON.stringify(job, null, 2));
  }
}
