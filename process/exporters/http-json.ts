/** One request of JSON to a program that is told of a run. */
import { ExportRefusedError } from './history-exporter.js';

export interface JsonRequest {
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a POST. */
  readonly body?: object;
}

/** The other side has answered, and not with what was asked for. */
export class HttpAnswerError extends Error {
  override readonly name = 'HttpAnswerError';
  readonly status: number;
  /** The beginning of the answer. */
  readonly said: string;

  constructor({ method, url }: JsonRequest, status: number, said: string) {
    super(`${method} ${url} was answered with ${status}${said === '' ? '' : ` (${said})`}`);
    this.status = status;
    this.said = said;
  }
}

/** A server that takes the connection and then says nothing is one that is away. */
const answerMs = 10_000;
/** Of an answer that is quoted. */
const quotedCharacters = 200;

/** @throws HttpAnswerError, Error where it cannot be reached */
export async function requestJson(request: JsonRequest): Promise<unknown> {
  const { method, url, headers, body } = request;
  const signal = AbortSignal.timeout(answerMs);
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(url, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: 'error',
      signal,
    });
    text = await answer.text();
  } catch (cause) {
    throw new Error(`${url} cannot be reached (${reasonOf(cause)})`, { cause });
  }
  if (!answer.ok) {
    const said = text.slice(0, quotedCharacters).replaceAll(/\s+/g, ' ').trim();
    throw new HttpAnswerError(request, answer.status, said);
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new HttpAnswerError(request, answer.status, 'no JSON');
  }
}

/** Statuses by which a server says that what it was sent is wrong, not that it cannot take it now. */
const refusals = new Set([400, 413, 422]);

/** An error that would come again with the same lines becomes one that leaves them out. */
export function asRefusal(error: unknown): unknown {
  if (!(error instanceof HttpAnswerError) || !refusals.has(error.status)) return error;
  return new ExportRefusedError(error.message, { cause: error });
}

/** fetch says "fetch failed"; why, its cause knows. */
function reasonOf(error: unknown): string {
  const { cause, message, name } = error as Error & { cause?: NodeJS.ErrnoException };
  if (name === 'TimeoutError') return `no answer within ${answerMs / 1000} s`;
  return cause?.code ?? cause?.message ?? message;
}
