/** What an operator can do with a run: the buttons in its head, and what became of the last one. */
import { consequence, hindrance } from '../data/actions.js';
import type { Acting, Action, RunState } from '../data/api.js';
import { askToSignIn, confirmed } from './dialogs.js';
import { h, setText } from './dom.js';
import { Operator } from './operator.js';

const notSetUp =
  'To pause this run, drain a worker or stop it from here, start it with a token for operators: docs/dashboard.md.';

/** Of a button that may be pressed in vain: it says why. */
export interface Offer {
  /** Why not now; null where it can be done. */
  readonly hindrance: string | null;
  readonly press: () => void;
}

export class ActionsView {
  readonly element: HTMLElement;
  readonly #run: string;
  readonly #operator = new Operator();
  readonly #onChange: () => void;
  readonly #pause = this.#button('Pause', () => this.#pauseOrGoOn());
  readonly #checkpoint = this.#button('Checkpoint now', () => ({ kind: 'checkpoint' }));
  readonly #stop = this.#button('Stop…', () => ({ kind: 'stop' }));
  readonly #signIn = h(
    'button',
    { type: 'button', click: () => void this.#askToSignIn() },
    'Sign in to act…',
  );
  readonly #signOut = h('button', { type: 'button', click: () => void this.#leave() });
  readonly #off = h('span.quiet', {}, notSetUp);
  readonly #said = h('p.said', { role: 'status' });
  readonly #failed = h('p.failed', { role: 'alert' });
  #acting: Acting = 'never';
  #state: RunState | null = null;
  #pending: Action['kind'] | null = null;

  /** @param onChange what can be done has changed, for whoever offers more than this */
  constructor(run: string, onChange: () => void) {
    this.#run = run;
    this.#onChange = onChange;
    const buttons = [this.#pause, this.#checkpoint, this.#stop, this.#signIn, this.#signOut];
    this.element = h(
      'div.actions',
      {},
      h('div.row', { role: 'group', 'aria-label': 'actions' }, ...buttons, this.#off),
      this.#said,
      this.#failed,
    );
  }

  /** @throws where the server cannot be asked who is signed in */
  async open(acting: Acting): Promise<void> {
    this.#acting = acting;
    if (acting === 'by-operators') await this.#operator.look();
  }

  set(state: RunState): void {
    this.#state = state;
    this.#show();
  }

  /** Null where nobody is signed in who could do it. */
  drainOf(worker: string): Offer | null {
    if (!this.#mayAct) return null;
    const action: Action = { kind: 'drain', worker };
    return { hindrance: this.#hindrance(action), press: () => void this.#do(action) };
  }

  get #mayAct(): boolean {
    return this.#operator.name !== null && this.#state !== null && this.#state.end === null;
  }

  #button(text: string, action: () => Action): HTMLElement {
    return h('button', { type: 'button', click: () => void this.#do(action()) }, text);
  }

  #pauseOrGoOn(): Action {
    return { kind: this.#state?.paused == null ? 'pause' : 'go-on' };
  }

  #hindrance(action: Action): string | null {
    if (this.#pending !== null) return 'another action waits for its answer';
    return this.#state === null
      ? 'nothing is known of the run yet'
      : hindrance(action, this.#state);
  }

  #show(): void {
    const isOver = this.#state === null || this.#state.end !== null;
    const canSignIn = this.#acting === 'by-operators' && !isOver;
    for (const button of [this.#pause, this.#checkpoint, this.#stop, this.#signOut]) {
      button.hidden = !this.#mayAct;
    }
    this.#signIn.hidden = !canSignIn || this.#mayAct;
    this.#off.hidden = this.#acting !== 'not-set-up' || isOver;
    setText(this.#signOut, `Sign out ${this.#operator.name ?? ''}`);
    setText(this.#pause, this.#pauseOrGoOn().kind === 'pause' ? 'Pause' : 'Continue');
    offer(this.#pause, this.#hindrance(this.#pauseOrGoOn()));
    offer(this.#checkpoint, this.#hindrance({ kind: 'checkpoint' }));
    offer(this.#stop, this.#hindrance({ kind: 'stop' }));
    this.#onChange();
  }

  async #do(action: Action): Promise<void> {
    this.#tell('');
    const why = this.#hindrance(action);
    if (why !== null) return this.#tell(`Not now: ${why}.`);
    if (!(await this.#isMeant(action))) return;
    this.#pending = action.kind;
    this.#tell(asking(action));
    this.#show();
    try {
      this.#tell(await this.#operator.act(this.#run, action));
    } catch (error) {
      this.#tell('', `Cannot ${words(action)}: ${(error as Error).message}`);
    } finally {
      this.#pending = null;
      this.#show();
    }
  }

  async #isMeant(action: Action): Promise<boolean> {
    const state = this.#state;
    if (state === null || (action.kind !== 'stop' && action.kind !== 'drain')) return true;
    const yes = action.kind === 'stop' ? 'Stop' : 'Drain';
    const title = `${yes} ${action.kind === 'drain' ? action.worker : state.job}?`;
    return confirmed({ title, text: consequence(action, state), yes });
  }

  async #askToSignIn(): Promise<void> {
    this.#tell('');
    const operator = this.#operator;
    const signIn = (token: string, name: string): Promise<void> => operator.signIn(token, name);
    const isIn = await askToSignIn({ name: operator.lastName, signIn });
    this.#show();
    // The button that had it is gone.
    if (isIn) this.#pause.focus();
  }

  async #leave(): Promise<void> {
    try {
      await this.#operator.signOut();
      this.#tell('You are signed out.');
    } catch (error) {
      this.#tell('', `Cannot sign out: ${(error as Error).message}`);
    }
    this.#show();
    if (!this.#signIn.hidden) this.#signIn.focus();
  }

  #tell(said: string, failed = ''): void {
    setText(this.#said, said);
    setText(this.#failed, failed);
  }
}

/** A button that says why it does nothing stays where keys reach it. */
export function offer(button: HTMLElement, why: string | null): void {
  button.setAttribute('aria-disabled', String(why !== null));
  button.title = why ?? '';
}

function words(action: Action): string {
  switch (action.kind) {
    case 'pause':
      return 'pause the run';
    case 'go-on':
      return 'let the run go on';
    case 'checkpoint':
      return 'have a checkpoint written';
    case 'stop':
      return 'stop the run';
    case 'drain':
      return `drain ${action.worker}`;
  }
}

const asking = (action: Action): string => `Asks to ${words(action)} …`;
