/** A server of JSON over HTTP on 127.0.0.1, strict about how it is asked, that can be away in several ways. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface JsonCall {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  /** Null where there is none. */
  readonly body: unknown;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: object;
}

/**
 * A number is the status of every answer; `refuses` breaks connections off; `slow` takes what it is sent, and
 * answers when it is back.
 */
export type Away = number | 'refuses' | 'slow';

export abstract class JsonServerFixture {
  /** Calls that came while it was away. */
  missed = 0;
  /** Calls that it did not understand. */
  readonly complaints: string[] = [];
  /** Statuses of the next answers, in place of the right ones; null lets one be right. */
  readonly failures: (number | null)[] = [];
  /** What is taken next is kept, and the answer that says so is lost. */
  losesAnswer = false;
  readonly #server = createServer((request, response) => void this.#take(request, response));
  #away: Away | null = null;
  #back: Promise<void> = Promise.resolve();
  #comeBack: () => void = () => undefined;

  protected abstract answer(call: JsonCall): JsonAnswer;

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.back();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** From now on, until it is back. */
  goAway(away: Away): void {
    this.#away = away;
    this.#back = new Promise((resolve) => {
      this.#comeBack = resolve;
    });
  }

  back(): void {
    this.#away = null;
    this.#comeBack();
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const away = this.#away;
    if (away !== null) this.missed++;
    if (away === 'refuses') return void response.destroy();
    const said = await text(request);
    const failure = typeof away === 'number' ? away : (this.failures.shift() ?? null);
    const { status, body } =
      failure === null ? this.#answerTo(request, said) : { status: failure, body: {} };
    if (failure === null && this.losesAnswer) {
      this.losesAnswer = false;
      return void response.destroy();
    }
    if (away === 'slow') await this.#back;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #answerTo({ headers, method = '', url = '' }: IncomingMessage, said: string): JsonAnswer {
    const { pathname: path, searchParams: query } = new URL(url, 'http://server');
    const wrong = complaintOf(method, headers['content-type'], said);
    if (wrong !== null) {
      this.complaints.push(`${method} ${path}: ${wrong}`);
      return { status: 415, body: { error: wrong } };
    }
    const body = said === '' ? null : JSON.parse(said);
    return this.answer({ method, path, query, headers, body });
  }
}

function complaintOf(method: string, type: string | undefined, said: string): string | null {
  if (method === 'GET') return said === '' ? null : 'a GET with a body';
  if (method !== 'POST') return 'neither GET nor POST';
  return type === 'application/json' ? null : `content-type is ${type}`;
}
