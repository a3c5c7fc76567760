/** One request of JSON to a program that is told of a run. */
import type { z } from 'zod';
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
/** A run's newest value of each curve has some kilobytes: whatever sends more sends something else. */
export const answerBytesMax = 16 * 1024 * 1024;

/**
 * @param expected of the answer
 * @throws HttpAnswerError, Error where it cannot be reached
 */
export async function requestJson<Expected extends z.ZodType>(
  request: JsonRequest,
  expected: Expected,
): Promise<z.output<Expected>> {
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
    text = await textOf(answer);
  } catch (cause) {
    throw new Error(`${url} cannot be reached (${reasonOf(cause)})`, { cause });
  }
  if (!answer.ok) throw new HttpAnswerError(request, answer.status, quoted(text, request));
  const found = expected.safeParse(jsonOf(text));
  if (found.success) return found.data;
  throw new HttpAnswerError(request, answer.status, 'not in the words of its API');
}

/** fetch itself takes as much as is sent. */
async function textOf({ body }: Response): Promise<string> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body ?? []) {
    bytes += piece.length;
    if (bytes > answerBytesMax) throw new Error(`an answer of more than ${answerBytesMax} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The beginning, on one line. Some servers tell what they were sent, and a warning goes into logs: not with a secret. */
function quoted(text: string, { headers }: JsonRequest): string {
  const secrets = Object.values(headers).map((value) => value.replace(/^(Bearer|Basic) /, ''));
  const told = secrets.reduce((rest, secret) => rest.replaceAll(secret, '...'), text);
  return told
    .slice(0, quotedCharacters)
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
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
