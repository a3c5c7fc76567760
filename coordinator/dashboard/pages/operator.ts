/** Who acts on this page: signed in with a cookie that no script reads, and a proof that is kept here. */
import type { Action, ActionAnswer, OperatorAnswer, SignInAnswer } from '../data/api.js';
import { AnswerError, ask, runPath, tell } from './client.js';

/** Of this address and port alone, and for all tabs of it. */
const proofKey = 'lockstep-operator';
/** Kept for the next time: it is no secret. */
const nameKey = 'lockstep-operator-name';

export class Operator {
  #name: string | null = null;

  /** Null: nobody is signed in. */
  get name(): string | null {
    return this.#name;
  }

  get lastName(): string {
    return localStorage.getItem(nameKey) ?? '';
  }

  /** Asks the server whether the session of this browser lasts. */
  async look(): Promise<void> {
    if (localStorage.getItem(proofKey) === null) return;
    const { name } = await ask<OperatorAnswer>('/api/operator', proof());
    if (name === null) this.#forget();
    else this.#name = name;
  }

  /** @throws AnswerError */
  async signIn(token: string, name: string): Promise<void> {
    const answer = await tell<SignInAnswer>('/api/operator/sign-in', { token, name });
    localStorage.setItem(proofKey, answer.proof);
    localStorage.setItem(nameKey, name);
    this.#name = answer.name;
  }

  /** @throws AnswerError */
  async signOut(): Promise<void> {
    await tell('/api/operator/sign-out', {}, proof());
    this.#forget();
  }

  /**
   * @returns what was done
   * @throws AnswerError
   */
  async act(run: string, action: Action): Promise<string> {
    try {
      const answer = await tell<ActionAnswer>(`${runPath(run)}/actions`, action, proof());
      return answer.said;
    } catch (error) {
      // The session is over, or the server was started again.
      if (error instanceof AnswerError && error.status === 403) this.#forget();
      throw error;
    }
  }

  #forget(): void {
    localStorage.removeItem(proofKey);
    this.#name = null;
  }
}

const proof = (): Record<string, string> => ({
  'X-Lockstep-Operator': localStorage.getItem(proofKey) ?? '',
});
