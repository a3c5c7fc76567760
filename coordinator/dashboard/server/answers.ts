/** What is answered to a question about runs. */
import type { RunAnswer, RunSummary } from '../data/api.js';
import type { RunModel } from '../data/run-model.js';
import type { RunSource, RunSources } from '../sources/run-source.js';
import type { RunChannels } from './run-channels.js';
import type { SeriesCache } from './series-cache.js';

export interface Question {
  /** Behind `/api/`. */
  readonly path: readonly string[];
  readonly query: URLSearchParams;
  /** The newest message of a stream that the viewer has. */
  readonly after: string | null;
}

export type Answer =
  | { readonly status: number; readonly error: string }
  | { readonly body: unknown }
  /** JSON. */
  | { readonly text: string };

export interface Known {
  readonly sources: RunSources;
  readonly channels: RunChannels;
  readonly series: SeriesCache;
  /** Whether operators can sign in. */
  readonly mayAct: boolean;
}

const pointsMost = 5000;
const logLinesMost = 2000;

export async function answerOf({ path, query }: Question, known: Known): Promise<Answer> {
  const [what, id, part] = path;
  if (what !== 'runs') return missing('there is no such page');
  if (id === undefined || id === '') return { body: known.sources.runs().map(summaryOf) };
  const run = known.sources.find(id);
  if (run === null) return missing('there is no such run');
  switch (part) {
    case undefined:
      return { body: wholeOf(run, known) };
    case 'series':
      return seriesOf(run.model, query, known);
    case 'logs':
      return { body: await run.logs() };
    case 'ledger':
      return { body: await run.ledger() };
    case 'audit':
      return audit(run, query);
    case 'recommend':
      return recommend(run, query);
    case 'log':
      return {
        body: await run.logTail(
          query.get('name') ?? '',
          numberOf(query, 'lines', 200, logLinesMost),
        ),
      };
    default:
      return missing(`a run has no "${part}"`);
  }
}

const missing = (error: string): Answer => ({ status: 404, error });

function summaryOf({ model }: RunSource): RunSummary {
  const { id, job, run, phase, reason, committedSteps, totalSteps, loss } = model.state;
  const { metrics, begunAt, changedAt } = model.state;
  return {
    ...{ id, job, run, phase, reason, committedSteps, totalSteps, loss },
    ...{ metrics, begunAt, changedAt },
  };
}

function wholeOf(run: RunSource, { channels, mayAct }: Known): RunAnswer {
  const { model } = run;
  const channel = channels.of(model.id);
  // What is answered here is not told again: the version is of now.
  channel?.tell(model);
  return {
    state: model.state,
    timeline: model.timeline,
    dropped: model.dropped,
    phases: model.phases,
    job: run.job(),
    folder: run.folder,
    canRecommend: run.recommend !== null,
    acting: run.actions === null ? 'never' : mayAct ? 'by-operators' : 'not-set-up',
    canAudit: run.audit !== null,
    version: channel?.version ?? '',
  };
}

async function recommend(run: RunSource, query: URLSearchParams): Promise<Answer> {
  if (run.recommend === null) return missing('this server has no model to ask');
  const [user, history] = [query.get('user') ?? '', query.get('history') ?? ''];
  if ((user === '') === (history === '')) {
    return { status: 400, error: 'either a user or a history must be given' };
  }
  try {
    return { body: await run.recommend(user === '' ? { history } : { user }) };
  } catch (error) {
    return { status: 422, error: (error as Error).message };
  }
}

/** The last one that was made here; a new one is begun where that is asked for. */
function audit({ audit }: RunSource, query: URLSearchParams): Answer {
  if (audit === null) return missing('this server cannot audit it');
  if (query.get('begin') === 'yes') audit.begin();
  return { body: audit.state() };
}

function seriesOf(model: RunModel, query: URLSearchParams, { channels, series }: Known): Answer {
  const from = numberOf(query, 'from', 0, Number.MAX_SAFE_INTEGER);
  const to = numberOf(query, 'to', Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER - 1);
  const points = Math.max(1, numberOf(query, 'points', 1000, pointsMost));
  if (to < from)
    return { status: 400, error: `to must not be before from: ${to} is before ${from}` };
  const key = `${model.id} ${channels.of(model.id)?.version} ${from} ${to} ${points}`;
  return { text: series.text(key, () => JSON.stringify(model.series.window(from, to, points))) };
}

/** What is no number of that kind is taken for the usual one. */
function numberOf(query: URLSearchParams, name: string, usual: number, most: number): number {
  const value = Number(query.get(name) ?? usual);
  return Number.isInteger(value) && value >= 0 ? Math.min(value, most) : usual;
}
