/** Asks the server, and hears what changes. */
import type {
  AuditState,
  LedgerState,
  Question,
  Recommendations,
  RunAnswer,
  RunChange,
  RunSummary,
  SeriesAnswer,
} from '../data/api.js';

/** The server refuses, and says why. */
export class AnswerError extends Error {
  override readonly name = 'AnswerError';
  /** Of HTTP. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** @throws AnswerError */
export async function ask<Answer>(
  path: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  return answerIn(await fetch(path, { headers: { ...headers, ...more } }));
}

/** Of what changes something. @throws AnswerError */
export async function tell<Answer>(
  path: string,
  body: object,
  more: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const type = { 'Content-Type': 'application/json' };
  const init = { method: 'POST', headers: { ...headers, ...type, ...more } };
  return answerIn(await fetch(path, { ...init, body: JSON.stringify(body) }));
}

const headers = { Accept: 'application/json', 'X-Lockstep': 'dashboard' };

async function answerIn<Answer>(response: Response): Promise<Answer> {
  const body = await response.json();
  if (response.ok) return body as Answer;
  throw new AnswerError(body.error ?? `the server answers ${response.status}`, response.status);
}

export const runPath = (id: string): string => `/api/runs/${encodeURIComponent(id)}`;

export const askRuns = (): Promise<readonly RunSummary[]> => ask('/api/runs');
export const askRun = (id: string): Promise<RunAnswer> => ask(runPath(id));
export const askLogs = (id: string): Promise<readonly string[]> => ask(`${runPath(id)}/logs`);

export const askLog = (id: string, name: string): Promise<readonly string[]> =>
  ask(`${runPath(id)}/log?name=${encodeURIComponent(name)}&lines=300`);

/** Null where there is none. */
export const askLedger = (id: string): Promise<LedgerState | null> => ask(`${runPath(id)}/ledger`);

/** The last one that was made. @param begins whether a new one is to begin now */
export const askAudit = (id: string, begins: boolean): Promise<AuditState> =>
  ask(`${runPath(id)}/audit${begins ? '?begin=yes' : ''}`);

export const askRecommendations = (id: string, question: Question): Promise<Recommendations> =>
  ask(`${runPath(id)}/recommend?${new URLSearchParams(question)}`);

/** @param range committed steps; null for all of them */
export function askSeries(
  id: string,
  range: readonly [number, number] | null,
  points: number,
): Promise<SeriesAnswer> {
  const window = range === null ? '' : `&from=${Math.floor(range[0])}&to=${Math.ceil(range[1])}`;
  return ask(`${runPath(id)}/series?points=${points}${window}`);
}

export interface StreamHandlers {
  readonly onChange: (change: RunChange) => void;
  /** What is known is of another time: all is to be asked again. */
  readonly onReset: () => void;
  readonly onConnection: (isThere: boolean) => void;
}

/** @returns ends it */
export function openStream(id: string, version: string, handlers: StreamHandlers): () => void {
  const stream = new EventSource(`${runPath(id)}/events?after=${encodeURIComponent(version)}`);
  stream.addEventListener('open', () => handlers.onConnection(true));
  // The browser connects again by itself, and says which message it has had last.
  stream.addEventListener('error', () => handlers.onConnection(false));
  stream.addEventListener('change', (event) => handlers.onChange(JSON.parse(event.data)));
  stream.addEventListener('reset', () => handlers.onReset());
  return () => stream.close();
}
