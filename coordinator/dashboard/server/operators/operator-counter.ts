/** What is asked of the server by operators: to sign in and out, and to act on a run. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../../shared/clock.js';
import type { Log } from '../../../../shared/log.js';
import { Refusals } from '../../../../shared/messages/refusals.js';
import { hindrance } from '../../data/actions.js';
import type { Action, ActionAnswer, OperatorAnswer, SignInAnswer } from '../../data/api.js';
import type { ActionOutcome, RunActions, RunSources } from '../../sources/run-source.js';
import type { Answer } from '../answers.js';
import { cookieOf } from '../cookies.js';
import { decideOrigin, operatorTokenVariable } from './operator-access.js';
import { OperatorSessions, sessionLifetime } from './operator-sessions.js';
import { readAction } from './read-action.js';
import { readJson } from './read-json.js';

export interface OperatorCounterParts {
  readonly sources: RunSources;
  /** Null: nobody may act. */
  readonly token: string | null;
  readonly log: Log;
  readonly clock: Clock;
}

/** With the proof of a session; see `OperatorSessions`. */
export const proofHeader = 'x-lockstep-operator';
/** Asked and not answered yet: each of them asks the bus twice a second. */
const pendingMax = 8;

export class OperatorCounter {
  readonly #parts: OperatorCounterParts;
  readonly #sessions: OperatorSessions | null;
  readonly #refusals = new Refusals();
  #pending = 0;

  constructor(parts: OperatorCounterParts) {
    this.#parts = parts;
    this.#sessions = parts.token === null ? null : new OperatorSessions(parts.token);
  }

  get isOpen(): boolean {
    return this.#sessions !== null;
  }

  /** Who asks. */
  whoIs(request: IncomingMessage): { body: OperatorAnswer } {
    return { body: { name: this.#nameOf(request) } };
  }

  /** @param path behind `/api/`; null where nothing is asked there by POST */
  async post(
    path: readonly string[],
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<Answer | null> {
    const [what, id = '', part] = path;
    const isSession = what === 'operator' && (id === 'sign-in' || id === 'sign-out');
    if (!isSession && !(what === 'runs' && part === 'actions')) return null;
    const decision = decideOrigin(request);
    if (decision.kind === 'refused') return this.#refuse('origin', 403, decision.why);
    if (what === 'runs') return this.#act(id, request);
    return id === 'sign-in' ? this.#signIn(request, response) : this.#signOut(request, response);
  }

  async #signIn(request: IncomingMessage, response: ServerResponse): Promise<Answer> {
    const { clock, log } = this.#parts;
    if (this.#sessions === null) return notSetUp;
    const { name, token } = (await readJson(request)) ?? {};
    if (typeof token !== 'string' || (name !== undefined && typeof name !== 'string')) {
      return { status: 400, error: 'a sign-in must have a token, and may have a name' };
    }
    const signIn = this.#sessions.signIn(clock.now(), token, name ?? '');
    switch (signIn.kind) {
      case 'wrong':
        return this.#refuse('token', 403, signIn.why);
      case 'too-many':
        response.setHeader('Retry-After', Math.ceil(signIn.wait / 1000));
        return this.#refuse('too many', 429, signIn.why);
      case 'signed-in': {
        const { cookie, name: operator, proof } = signIn.session;
        log.info({ operator }, 'an operator signed in on the dashboard');
        setCookie(request, response, cookie, sessionLifetime / 1000);
        return { body: { name: operator, proof } satisfies SignInAnswer };
      }
    }
  }

  #signOut(request: IncomingMessage, response: ServerResponse): Answer {
    const operator = this.#nameOf(request);
    if (operator !== null) {
      this.#sessions?.signOut(ownCookie(request));
      this.#parts.log.info({ operator }, 'an operator signed out of the dashboard');
    }
    setCookie(request, response, '', 0);
    return { body: { name: null } satisfies OperatorAnswer };
  }

  async #act(id: string, request: IncomingMessage): Promise<Answer> {
    const run = this.#parts.sources.find(id);
    if (run === null) return { status: 404, error: 'there is no such run' };
    const { actions, model } = run;
    if (actions === null)
      return { status: 404, error: 'this server reads files and reaches no run' };
    if (this.#sessions === null) return notSetUp;
    const operator = this.#nameOf(request);
    if (operator === null) return this.#refuse('session', 403, 'sign in first');
    const action = readAction(await readJson(request));
    if (action === null) return { status: 400, error: 'there is no such action' };
    const why = hindrance(action, model.state);
    if (why !== null) return { status: 409, error: why };
    if (this.#pending >= pendingMax) {
      return { status: 503, error: `${pendingMax} actions wait for an answer: try again then` };
    }
    this.#pending++;
    try {
      return answerOf(await this.#ask(actions, action, `${operator} (dashboard)`));
    } finally {
      this.#pending--;
    }
  }

  async #ask(actions: RunActions, action: Action, by: string): Promise<ActionOutcome> {
    const { log } = this.#parts;
    log.info({ ...action, by }, 'an operator acts');
    const outcome = await actions.ask(action, by);
    log.info({ ...action, by, outcome: outcome.kind }, outcome.text);
    return outcome;
  }

  #nameOf(request: IncomingMessage): string | null {
    const proof = request.headers[proofHeader];
    if (this.#sessions === null || typeof proof !== 'string') return null;
    return this.#sessions.nameOf(this.#parts.clock.now(), ownCookie(request), proof);
  }

  #refuse(reason: string, status: number, error: string): Answer {
    const count = this.#refusals.take(reason);
    if (count !== null) this.#parts.log.warn({ reason, count }, `dashboard: refused: ${error}`);
    return { status, error };
  }
}

function answerOf({ kind, text }: ActionOutcome): Answer {
  if (kind === 'taken') return { body: { said: text } satisfies ActionAnswer };
  return { status: kind === 'refused' ? 409 : 504, error: text };
}

const notSetUp: Answer = {
  status: 403,
  error: `nobody may act here: ${operatorTokenVariable} named no file when this process was started`,
};

/** One for each port, since browsers keep them by hosts: two runs on one machine have two. */
const cookieName = ({ headers: { host = '' } }: IncomingMessage): string =>
  `lockstep_operator${/:(\d+)$/.exec(host)?.[1] ?? ''}`;

const ownCookie = (request: IncomingMessage): string =>
  cookieOf(request.headers.cookie, cookieName(request));

function setCookie(
  request: IncomingMessage,
  response: ServerResponse,
  value: string,
  seconds: number,
): void {
  // Behind a proxy that speaks TLS the page knows what this server cannot.
  const secure = request.headers.origin?.startsWith('https:') === true ? '; Secure' : '';
  response.setHeader(
    'Set-Cookie',
    `${cookieName(request)}=${value}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${seconds}${secure}`,
  );
}
