/**
 * What is stored reaches whoever reads it in order and once, over any number of cuts: what was under
 * way when the connection was cut is sent again when it is back.
 */
import type { Reader } from '../../shared/bus.js';

type Sent = () => void;

export class Readers {
  readonly #toClient: (arrive: () => void) => void;
  /** What each has been sent and is not known to have. */
  readonly #flows = new Set<Set<Sent>>();
  #isInterrupted = false;

  constructor(toClient: (arrive: () => void) => void) {
    this.#toClient = toClient;
  }

  /**
   * @param begin reads at the server, and hands over what it finds
   * @returns what the client closes
   */
  async flow(begin: (hand: (arrive: () => void) => void) => Promise<Reader>): Promise<Reader> {
    const open = new Set<Sent>();
    let isClosed = false;
    const hand = (arrive: () => void): void => {
      if (isClosed) return;
      const once: Sent = () => {
        if (open.delete(once) && !isClosed) arrive();
      };
      open.add(once);
      if (!this.#isInterrupted) this.#toClient(once);
    };
    this.#flows.add(open);
    const end = (): void => {
      isClosed = true;
      this.#flows.delete(open);
    };
    try {
      const atServer = await begin(hand);
      let close: () => void = () => undefined;
      const ended = new Promise<Awaited<Reader['ended']>>((resolve) => {
        close = () => resolve(null);
        void atServer.ended.then((why) => hand(() => resolve(why)));
      });
      return {
        ended,
        close: () => {
          end();
          atServer.close();
          close();
        },
      };
    } catch (error) {
      // Perhaps it has begun there: nobody here knows of it.
      end();
      throw error;
    }
  }

  interrupt(): void {
    this.#isInterrupted = true;
  }

  goOn(): void {
    this.#isInterrupted = false;
    for (const open of this.#flows) for (const once of open) this.#toClient(once);
  }
}
